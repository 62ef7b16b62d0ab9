import json
import shutil
from copy import deepcopy
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from dissections import invented
from ganvas.command.rerun import rerun as command
from ganvas.config.compose import compose_job
from ganvas.config.groups import groups
from ganvas.errors import ConfigError, InputError
from ganvas.generator.base import Activation
from ganvas.generator.delta import Delta
from ganvas.generator.tiny import TinyConfig
from ganvas.runner.difference import causes, differences
from ganvas.runner.directory import load
from ganvas.runner.job import execute
from ganvas.runner.manifest import write_manifest
from ganvas.runner.rerun import refuse_foreign, rerun

TINY = [
    "generator=tiny", "loss=pixel", "metrics=pixel", "logger=none", "budget=preview",
    "budget.latent=4", "budget.noise=3", "trainer=cpu", "+trainer.progress=false",
]  # fmt: skip


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    folder = tmp_path_factory.mktemp("old")
    values = np.random.default_rng(0).integers(0, 255, (2, 70, 90, 3), np.uint8)
    (folder / "photos").mkdir()
    for name, picture in zip("ab", values, strict=True):
        Image.fromarray(picture).save(folder / "photos" / f"{name}.png")
    words = [*TINY, "image=file", f"image.x.path={folder / 'photos'}", f"output={folder}"]
    return execute(compose_job(words))


def seal(run):
    """Let a run that the test has changed pass as one that was written so."""
    write_manifest(run, load(run).status["signature"])


class Options:
    def __init__(self, run_dir, output, check=True, trust=False):
        self.run_dir, self.output, self.check, self.trust = run_dir, output, check, trust
        self.config_dir = None


def test_repetition_is_identical_to_the_bit(old, tmp_path, monkeypatch, capsys):
    before = {f: f.stat().st_mtime_ns for f in old.path.rglob("*") if f.is_file()}
    monkeypatch.chdir(tmp_path)
    assert command(Options(old.path, tmp_path / "again")) == 0
    assert "identical to the bit" in capsys.readouterr().out
    assert {f: f.stat().st_mtime_ns for f in old.path.rglob("*") if f.is_file()} == before


def test_folder_alone_is_enough(old, tmp_path):
    moved = tmp_path / "elsewhere"
    shutil.copytree(old.path, moved)
    told = json.loads((moved / "provenance.json").read_text(encoding="utf-8"))
    told["inputs"]["x"] = ["0" * 64]  # as if the photographs had changed since
    told["directory"] = "/nowhere/to/be/found"
    (moved / "provenance.json").write_text(json.dumps(told))
    seal(moved)
    new = rerun(moved, tmp_path / "again")
    assert new.config["image"]["x"]["path"] != old.config["image"]["x"]["path"]
    assert differences(load(moved), new) == []


def test_a_run_of_several_solutions_is_repeated_from_its_copies(old, tmp_path):
    shutil.copytree(old.path.parents[1] / "photos", tmp_path / "photos")
    words = [*TINY, "image=file", f"image.x.path={tmp_path / 'photos'}", f"output={tmp_path}"]
    first = execute(compose_job([*words, "edit=reconstruct_w", "start=several"]))
    shutil.rmtree(tmp_path / "photos")
    new = rerun(first.path, tmp_path / "again")
    assert new.images == first.images
    assert differences(first, new) == []


def test_missing_copies_are_an_input_error(old, tmp_path):
    moved = tmp_path / "elsewhere"
    shutil.copytree(old.path, moved)
    told = json.loads((moved / "provenance.json").read_text(encoding="utf-8"))
    told["inputs"]["x"] = []
    (moved / "provenance.json").write_text(json.dumps(told))
    for file in moved.rglob("target.webp"):
        file.unlink()
    seal(moved)
    with pytest.raises(InputError, match=r"image\.x: .* no copy"):
        rerun(moved, tmp_path / "again")


def test_difference_and_cause_are_named(old, tmp_path, capsys):
    moved = tmp_path / "elsewhere"
    shutil.copytree(old.path, moved)
    config = deepcopy(load(moved).config)
    config["seed"] = 5
    (moved / "config.yaml").write_text(yaml.safe_dump(config))
    told = json.loads((moved / "provenance.json").read_text(encoding="utf-8"))
    told["versions"]["torch"] = "1.0.0"
    (moved / "provenance.json").write_text(json.dumps(told))
    seal(moved)
    assert command(Options(moved, tmp_path / "again")) == 1
    out = capsys.readouterr().out
    assert "embedding: noise" in out
    assert "metrics: final.psnr" in out
    assert "picture of a" in out
    assert f"versions.torch: 1.0.0 → {version('torch')}" in out


def test_tuned_weights_edited_activations_and_other_inputs_count(old, tmp_path):
    base = replace(
        old.embedding,
        delta=Delta({"conv@values": torch.full((2, 3), 127, dtype=torch.int8)}),
        resume=("8x8.conv", Activation(torch.zeros(2, 3, 8, 8))),
    )
    changed = {
        "delta.conv@values": replace(
            base, delta=Delta({"conv@values": torch.full((2, 3), -128, dtype=torch.int8)})
        ),
        "delta.conv@step": replace(
            base, delta=Delta({**base.delta.tensors, "conv@step": torch.ones(2)})
        ),
        "resume.features": replace(base, resume=("8x8.conv", Activation(torch.ones(2, 3, 8, 8)))),
        "resume 8x8.conv → 8x8.up": replace(base, resume=("8x8.up", base.resume[1])),
        "truncation": replace(base, truncation=0.5),
    }
    for index, (part, embedding) in enumerate(changed.items()):
        for file in ("embedding", "embedding.y"):
            runs = []
            for side, content in (("a", base), ("b", embedding)):
                run = tmp_path / f"{side}{index}{file}"
                shutil.copytree(old.path, run)
                content.save(run / f"{file}.safetensors")
                seal(run)
                runs.append(load(run))
            (line,) = differences(*runs)
            assert line.startswith(f"{file}: {part}")
            assert "conv@values" not in line or line.endswith("255")
    assert differences(old, runs[0]) == ["embedding.y: only in the repetition"]
    assert differences(runs[0], old) == ["embedding.y: missing"]


def test_the_environment_is_not_blamed_for_an_equal_result(old, tmp_path, capsys):
    moved = tmp_path / "elsewhere"
    shutil.copytree(old.path, moved)
    told = json.loads((moved / "provenance.json").read_text(encoding="utf-8"))
    told["environment"]["OMP_NUM_THREADS"] = "7"
    (moved / "provenance.json").write_text(json.dumps(told))
    seal(moved)
    assert command(Options(moved, tmp_path / "again")) == 0
    out = capsys.readouterr().out
    assert "identical to the bit" in out
    assert "OMP_NUM_THREADS" not in out


def test_equal_runs_have_no_cause(old):
    assert causes(old, old) == []


def test_machine_metrics_do_not_count(old, tmp_path):
    moved = tmp_path / "elsewhere"
    shutil.copytree(old.path, moved)
    metrics = json.loads((moved / "metrics.json").read_text(encoding="utf-8"))
    for stage in metrics["stages"].values():
        stage["seconds"] += 1
    (moved / "metrics.json").write_text(json.dumps(metrics))
    seal(moved)
    assert differences(old, load(moved)) == []


@pytest.mark.parametrize("value", ["os.system", "subprocess.Popen", "ganvasx.evil"])
def test_foreign_code_is_refused(old, tmp_path, value):
    moved = tmp_path / "elsewhere"
    shutil.copytree(old.path, moved)
    config = deepcopy(load(moved).config)
    config["mask"]["_target_"] = value
    (moved / "config.yaml").write_text(yaml.safe_dump(config))
    seal(moved)
    with pytest.raises(ConfigError, match=rf"mask\._target_: {value} is code outside ganvas"):
        rerun(moved, tmp_path / "again")
    assert not Path(tmp_path / "again").exists()


def test_names_of_images_that_climb_out_of_the_folder_are_refused(old, tmp_path):
    moved = tmp_path / "elsewhere"
    shutil.copytree(old.path, moved)
    provenance = json.loads((moved / "provenance.json").read_text(encoding="utf-8"))
    provenance["inputs"]["x"] = []
    (moved / "provenance.json").write_text(json.dumps(provenance))
    seal(moved)
    status = json.loads((moved / "status.json").read_text(encoding="utf-8"))
    for name in ("../../../stolen", "/etc/x", ".."):
        (moved / "status.json").write_text(json.dumps(status | {"images": ["a", name]}))
        with pytest.raises(InputError, match="no name of a file"):
            rerun(moved, tmp_path / "again")


def test_yaml_of_a_foreign_folder_makes_plain_values(old, tmp_path):
    mark = tmp_path / "called"
    text = f"mask: !!python/object/apply:os.mkdir ['{mark}']\n"
    for name in ("config.yaml", "overrides.yaml"):
        moved = tmp_path / name.partition(".")[0]
        shutil.copytree(old.path, moved)
        (moved / name).write_text((moved / name).read_text(encoding="utf-8") + text)
        seal(moved)
        with pytest.raises((InputError, yaml.YAMLError)):
            rerun(moved, tmp_path / "again")
    assert not mark.exists()


def test_recorded_overrides_are_not_composed(old, tmp_path, monkeypatch):
    moved = tmp_path / "elsewhere"
    shutil.copytree(old.path, moved)
    mark = tmp_path / "imported"
    (tmp_path / "canary_of_overrides.py").write_text(f"open({str(mark)!r}, 'w').close()\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    recorded = yaml.safe_load((moved / "overrides.yaml").read_text(encoding="utf-8"))
    recorded["overrides"] += [
        "mask._target_=canary_of_overrides.Mask", f"hydra.searchpath=[file://{tmp_path}]",
        "seed=${oc.env:HOME}", f"output={tmp_path / 'elsewhere2'}",
    ]  # fmt: skip
    recorded["choices"]["edit"] = "../../../climbs"
    (moved / "overrides.yaml").write_text(yaml.safe_dump(recorded))
    seal(moved)
    new = rerun(moved, tmp_path / "again")
    assert differences(old, new) == []
    assert new.path.is_relative_to(tmp_path / "again")
    assert not mark.exists()
    assert not (tmp_path / "elsewhere2").exists()


def test_an_address_of_a_foreign_folder_is_not_fetched(old, tmp_path):
    moved = tmp_path / "elsewhere"
    shutil.copytree(old.path, moved)
    config = deepcopy(load(moved).config)
    config["generator"] = {
        "_target_": "ganvas.checkpoint.from_file.StyleGAN2Config",
        "checkpoint": "https://127.0.0.1:9/network.pkl",
    }
    (moved / "config.yaml").write_text(yaml.safe_dump(config))
    seal(moved)
    with pytest.raises(ConfigError, match=r"generator\.checkpoint: https.* is an address"):
        rerun(moved, tmp_path / "again")


def test_interpolations_of_a_foreign_folder_are_refused():
    with pytest.raises(ConfigError, match=r"tags\[0\]"):
        refuse_foreign({"tags": ["${oc.env:HOME}"]})


def test_folder_without_a_run(tmp_path):
    with pytest.raises(InputError, match="no status"):
        rerun(tmp_path)


EDITS = sorted(groups()["edit"])


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    values = np.random.default_rng(1).integers(0, 255, (3, 40, 40, 3), np.uint8)
    for name, picture in zip("xyz", values, strict=True):
        Image.fromarray(picture).save(folder / f"{name}.png")
    return folder


@pytest.mark.parametrize("edit", EDITS)
def test_every_edit_repeats_to_the_bit(edit, photos, tmp_path):
    words = [*TINY, f"edit={edit}", "image=file", "metrics=pixel", f"output={tmp_path}"]
    words += [f"budget.{variable}=2" for variable in ("latent", "noise", "weights")]
    if "style" in edit:
        # They choose rows of finer layers than the smallest generator has, and need a style term.
        words += ["generator.resolution=128", "loss.style.mse={_target_: ganvas.loss.MSE}"]
    if edit == "encode":
        # The encoder that comes along is for another generator.
        words += ["start=random"]
    if edit == "basin_cma":
        words += ["start.count=4"]
    if edit.startswith("paint"):
        words += invented(TinyConfig().load(), edit, tmp_path / "dissection.safetensors")
    words += [f"image.x.path={photos / 'x.png'}", "seed=3"]
    words += [f"+image.{name}.path={photos / name}.png" for name in "yz"]
    done = execute(compose_job(words))
    assert differences(done, rerun(done.path, tmp_path / "again")) == []
