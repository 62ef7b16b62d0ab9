"""TensorBoard's files, read back by its own EventAccumulator."""

from __future__ import annotations

import io
import json
from statistics import fmean

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("tensorboard", reason="the extra `tensorboard` is not installed")
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2

KILL_IN_N = ("ganvas.stage.stage:Stage.training_step", 8, "after")


def events(run):
    read = EventAccumulator(str(run / "tensorboard"), size_guidance={"images": 0, "scalars": 0})
    return read.Reload()


def curve(run):
    return [
        json.loads(line)
        for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    ]


def hyperparameters(found, part):
    content = found.PluginTagToContent("hparams")[f"_hparams_/{part}"]
    return plugin_data_pb2.HParamsPluginData.FromString(content)


def test_scalars_pictures_and_hyperparameters_are_those_of_the_record(tiny_run):
    result = tiny_run("logger=tensorboard", "mask=box")
    found, rows = events(result.path), curve(result.path)
    scalars = found.Scalars("psnr")
    assert [event.step for event in scalars] == [row["step"] for row in rows] == list(range(10))
    for event, row in zip(scalars, rows, strict=True):
        assert event.value == pytest.approx(fmean(row["psnr"]))
        seconds = event.wall_time - scalars[0].wall_time
        assert seconds == pytest.approx(row["seconds"] - rows[0]["seconds"], abs=1e-3)
    (final,) = found.Scalars("final/psnr")
    assert (final.step, final.value) == (10, pytest.approx(result.metrics["final"]["psnr"]))
    assert [e.step for e in found.Images("progress/astronaut")] == [
        int(file.stem) for file in sorted(result.path.glob("images/astronaut/frames/*.webp"))
    ]
    for kind in ("target", "mask", "result", "difference"):
        (event,) = found.Images(f"astronaut/{kind}")
        shown = Image.open(io.BytesIO(event.encoded_image_string))
        assert np.array_equal(shown, result.image(kind).convert("RGB"))
    given = hyperparameters(found, "session_start_info").session_start_info.hparams
    assert given["generator.resolution"].number_value == 32
    assert given["mask._target_"].string_value == "ganvas.mask.Box"
    measured = hyperparameters(found, "experiment").experiment.metric_infos
    assert "final/psnr" in {metric.name.tag for metric in measured}
    (text,) = found.Tensors("config/text_summary")
    assert b'"resolution": 32' in text.tensor_proto.string_val[0]


@pytest.mark.slow
def test_a_resumed_run_leaves_one_complete_log(fork_server, tmp_path, tiny):
    words = ("run", *tiny, "logger=tensorboard")
    often = "trainer.checkpoint_seconds=0"
    assert fork_server.run(tmp_path, *words, often, kill=KILL_IN_N) == -9
    assert fork_server.run(tmp_path, *words) == 0, (tmp_path / "child.log").read_text(
        encoding="utf-8"
    )
    (run,) = (file.parent for file in tmp_path.glob("outputs/*/*/status.json"))
    assert len(list(run.glob("tensorboard/events.*"))) == 1
    assert [event.step for event in events(run).Scalars("psnr")] == list(range(10))


def test_without_the_package_one_line_says_how_to_get_it(ganvas_command, tiny, monkeypatch):
    monkeypatch.setattr("ganvas.tracking.tensorboard.find_spec", lambda name: None)
    done = ganvas_command("run", *tiny, "logger=tensorboard")
    assert done.code == 2
    assert "pip install -e '.[tensorboard]'" in done.complaint
