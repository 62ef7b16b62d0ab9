"""Jobs in packs: each leaves what a run of its own leaves, and each goes on alone."""

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from ganvas.config.compose import resolve
from ganvas.config.schema import build
from ganvas.errors import StorageError
from ganvas.runner.directory import RunDirectory
from ganvas.runner.job import validate
from ganvas.runner.monitor import RunMonitor
from ganvas.stage import fit as fitting
from ganvas.stage.stage import Stage
from ganvas.study.packed import packable

PACKED = "hydra/launcher=packed"
SWEEP = ("seed=1,2", "mask=full,box", "loss.latent.mse.weight=1,3")
ONE_AT_A_TIME = "trainer.micro_batch=1"
OF_THE_CLOCK = {"seconds", "steps_per_second", "peak_memory_mib"}


def runs(study: str) -> dict[str, RunDirectory]:
    found = {file.parent.name: RunDirectory(file.parent)
             for file in Path("outputs", study).glob("*/status.json")}  # fmt: skip
    assert found
    return found


def without_the_clock(tree):
    if isinstance(tree, dict):
        return {k: without_the_clock(v) for k, v in tree.items() if k not in OF_THE_CLOCK}
    return tree


def files_of(run: RunDirectory) -> dict[str, Path]:
    return {str(f.relative_to(run.path)): f for f in run.path.rglob("*") if f.is_file()}


def curve_of(run: RunDirectory) -> list[dict]:
    return [without_the_clock(json.loads(line))
            for line in (run.path / "metrics.jsonl").read_text().splitlines()]  # fmt: skip


def assert_same_result(one: RunDirectory, other: RunDirectory) -> None:
    """The same record, to the bit."""
    assert one.state == other.state == "finished"
    left, right = files_of(one), files_of(other)
    assert left.keys() == right.keys()
    tensors = load_file(left["embedding.safetensors"]), load_file(right["embedding.safetensors"])
    assert all(tensors[0][name].equal(tensors[1][name]) for name in tensors[0])
    assert curve_of(one) == curve_of(other)
    assert without_the_clock(one.metrics) == without_the_clock(other.metrics)
    for name in left:
        if name.startswith("images/"):
            assert left[name].read_bytes() == right[name].read_bytes(), name
    for name in ("signature", "step", "total_steps", "images", "psnr", "slug"):
        assert one.status[name] == other.status[name], name


def logged(run: RunDirectory) -> list[str]:
    return [line[24:] for line in (run.path / "run.log").read_text().splitlines()]


@pytest.fixture
def loops(monkeypatch) -> list[int]:
    """How many runs have shared each loop."""
    sizes: list[int] = []
    fit_all = fitting.fit_all

    def counted(fits):
        sizes.append(len(fits))
        return fit_all(fits)

    monkeypatch.setattr(fitting, "fit_all", counted)
    return sizes


def test_packed_jobs_drawn_one_at_a_time_are_separate_runs_to_the_bit(ganvas_command, tiny, loops):
    words = ("run", "-m", *tiny, *SWEEP, ONE_AT_A_TIME)
    assert ganvas_command(*words, "study=alone").code == 0
    assert loops == [1] * 16
    loops.clear()
    done = ganvas_command(*words, "study=packed", PACKED)
    assert done.code == 0, done.err
    assert loops == [8, 8]
    alone, packed = runs("alone"), runs("packed")
    assert alone.keys() == packed.keys()
    assert len(alone) == 8
    for name, run in alone.items():
        assert_same_result(run, packed[name])
        assert logged(run) == logged(packed[name])
    assert len({run.metrics["final"]["psnr"] for run in packed.values()}) == 8


def test_packed_jobs_drawn_together_are_separate_runs_to_rounding(ganvas_command, tiny):
    words = ("run", "-m", *tiny, *SWEEP)
    assert ganvas_command(*words, "study=alone").code == 0
    assert ganvas_command(*words, "study=packed", PACKED).code == 0
    alone, packed = runs("alone"), runs("packed")
    for name, run in alone.items():
        assert files_of(run).keys() == files_of(packed[name]).keys()
        latents = [load_file(r.embedding_file)["latent"] for r in (run, packed[name])]
        assert torch.allclose(*latents, atol=1e-4)
        for a, b in zip(curve_of(run), curve_of(packed[name]), strict=True):
            assert a["psnr"] == pytest.approx(b["psnr"], abs=0.01)
            assert a["loss"] == pytest.approx(b["loss"], rel=1e-3)
        pictures = [np.asarray(Image.open(r.picture_file(r.images[0], "result")), int)
                    for r in (run, packed[name])]  # fmt: skip
        assert np.abs(pictures[0] - pictures[1]).max() <= 2
    # They are apart by far more than that.
    assert len({round(run.metrics["final"]["psnr"], 2) for run in packed.values()}) == 8


def test_an_interrupted_pack_goes_on_as_a_pack_and_each_job_alone(ganvas_command, tiny, loops):
    words = ("run", "-m", *tiny, ONE_AT_A_TIME)
    sweep = ("seed=1,2,3", "loss.latent.mse.weight=1,3")
    assert ganvas_command(*words, "study=calm", *sweep).code == 0
    step_of = Stage.training_step

    def interrupted(self, step):
        if step == 3:
            os.kill(os.getpid(), signal.SIGINT)
        step_of(self, step)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Stage, "training_step", interrupted)
        assert ganvas_command(*words, "study=cut", *sweep, PACKED).code == 130
    cut = runs("cut")
    assert [(run.state, run.status["step"]) for run in cut.values()] == [("interrupted", 4)] * 6
    alone = ("study=cut", "seed=1", "loss.latent.mse.weight=3")
    assert ganvas_command(*words, *alone).code == 0
    loops.clear()
    assert ganvas_command(*words, "study=cut", *sweep, PACKED).code == 0
    assert loops == [5, 5]
    for name, run in runs("calm").items():
        assert_same_result(run, cut[name])
        assert not cut[name].checkpoint_file.exists()


def test_a_job_that_fails_leaves_the_others(ganvas_command, tiny, loops, monkeypatch):
    words = ("run", "-m", *tiny, ONE_AT_A_TIME, "seed=1,2,3")
    assert ganvas_command(*words, "study=calm").code == 0
    loops.clear()
    rows = RunMonitor.rows

    def full(self, curve):
        if "seed: 2\n" in (self.folder.path / "config.yaml").read_text():
            raise StorageError("no space left")
        rows(self, curve)

    monkeypatch.setattr(RunMonitor, "rows", full)
    done = ganvas_command(*words, "study=packed", PACKED)
    assert done.code == 1
    assert "failed      seed=2  no space left" in done.err
    assert loops == [3, 2]
    packed = runs("packed")
    assert sorted(run.state for run in packed.values()) == ["failed", "finished", "finished"]
    for name, run in runs("calm").items():
        if packed[name].state == "finished":
            assert_same_result(run, packed[name])
        else:
            assert packed[name].error == "StorageError: no space left"
            assert "Traceback" in (packed[name].path / "run.log").read_text()
            assert not any("Traceback" in line for r in packed.values() if r.state == "finished"
                           for line in logged(r))  # fmt: skip


def test_a_job_that_diverges_leaves_the_others(ganvas_command, tiny):
    words = ("run", "-m", *tiny, ONE_AT_A_TIME, "loss.latent.mse.weight=1,1e39,2")
    assert ganvas_command(*words, "study=alone").code == 1
    assert ganvas_command(*words, "study=packed", PACKED).code == 1
    alone, packed = runs("alone"), runs("packed")
    assert sorted(run.state for run in packed.values()) == ["failed", "finished", "finished"]
    for name, run in alone.items():
        assert (run.state, run.error) == (packed[name].state, packed[name].error)
        if run.state == "finished":
            assert_same_result(run, packed[name])
        else:
            assert "diverged at step 0" in run.error


def test_each_job_stops_early_where_it_would_alone(ganvas_command, tiny):
    stopping = "edit.stages.w.early_stopping={patience: 2, improvement: 0.05}"
    words = ("run", "-m", *tiny, ONE_AT_A_TIME, stopping, "budget.latent=40", "budget.flush_every=1",
             "mask=full,box", "seed=1,2", "budget.frame_every=7")  # fmt: skip
    assert ganvas_command(*words, "study=alone").code == 0
    assert ganvas_command(*words, "study=packed", PACKED).code == 0
    alone, packed = runs("alone"), runs("packed")
    steps = {run.metrics["stages"]["w"]["steps"] for run in alone.values()}
    assert len(steps) > 1
    for name, run in alone.items():
        assert_same_result(run, packed[name])


def test_a_pruned_job_leaves_its_pack_and_can_go_on(ganvas_command, tiny, loops):
    words = ("run", "-m", *tiny, ONE_AT_A_TIME, "seed=1,2,3")
    assert ganvas_command(*words, "study=calm").code == 0
    loops.clear()

    def hopeless(self):
        return "seed: 2\n" in (self.folder.path / "config.yaml").read_text()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(RunMonitor, "is_pruned", hopeless)
        assert ganvas_command(*words, "study=packed", PACKED).code == 0
    assert loops == [3, 2]
    packed = runs("packed")
    assert sorted(run.state for run in packed.values()) == ["finished", "finished", "pruned"]
    assert ganvas_command(*words, "study=packed", PACKED).code == 0
    for name, run in runs("calm").items():
        assert_same_result(run, packed[name])


def experiments(tiny, *words):
    return [build(validate(job.config)) for job in resolve([*tiny, *words])]


@pytest.mark.parametrize("axis", [
    "seed=1,2", "mask=full,box", "image=astronaut,portrait", "start=w_avg,random",
    "loss.latent.mse.weight=1,2", "metrics=pixel,latent", "edit.stages.n.objective.Mk_n.weight=1,2",
])  # fmt: skip
def test_jobs_that_one_loop_can_hold_are_packed(tiny, axis):
    a, b = experiments(tiny, axis)
    assert a != b
    assert packable(a, b)


@pytest.mark.parametrize("axis", [
    "loss.latent.mse.weight=1,0", "loss=pixel,lpips", "optimizer.latent.lr=0.1,0.2", "layers=all,coarse",
    "budget.latent=6,7", "budget.frame_every=2,3", "generator.seed=0,1", "trainer.micro_batch=1,2",
    "edit=reconstruct,reconstruct_w", "edit=reconstruct,inpaint",
    "loss.latent.mse.weight={value: 1.0\\, up: 0.1},{value: 2.0\\, up: 0.1}",
])  # fmt: skip
def test_jobs_that_differ_in_more_are_not(tiny, axis):
    a, b = experiments(tiny, axis)
    assert not packable(a, b)


def test_a_search_that_looks_at_all_images_is_packed_with_none(tiny):
    a, b = experiments(tiny, "optimizer=lbfgs", "seed=1,2")
    assert not packable(a, b)
    assert not packable(a, a)


def test_packs_are_of_one_sort_and_of_bounded_size(ganvas_command, tiny, loops):
    axes = ("seed=1,2,3", "optimizer.latent.lr=0.1,0.2")
    words = ("run", "-m", *tiny, "study=s", *axes, "edit=reconstruct_w", PACKED)
    assert ganvas_command(*words, "hydra.launcher.size=2").code == 0
    assert sorted(loops) == [1, 1, 2, 2]
    loops.clear()
    assert ganvas_command(*words, "seed=1,2,3,4").code == 0
    assert loops == [1, 1]
    assert ganvas_command(*words, "hydra.launcher.size=0").code == 2
