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
from ganvas.runner.job import execute, validate
from ganvas.runner.monitor import RunMonitor
from ganvas.stage import fit as fitting
from ganvas.stage.stage import Stage
from ganvas.study.packed import packable

PACKED = "hydra/launcher=packed"
# Beside a second term, Adam does not cancel a weight out.
TERMS = "loss.latent.mean={_target_: ganvas.loss.DistanceToMean, weight: 0.1}"
SWEEP = (TERMS, "seed=1,2", "loss.latent.mse.weight=1,0.1")
AXES = ("seed", "loss")
ONE_AT_A_TIME = "trainer.micro_batch=1"
OF_THE_CLOCK = {"seconds", "steps_per_second", "peak_memory_mib"}


def runs(study: Path | str) -> dict[str, RunDirectory]:
    files = Path("outputs", study).glob("*/status.json")
    return {file.parent.name: RunDirectory(file.parent) for file in files}


@pytest.fixture(scope="module")
def calm(tmp_path_factory, tiny) -> dict[str, RunDirectory]:
    """The jobs of the sweep as separate runs."""
    output = tmp_path_factory.mktemp("calm")
    for job in resolve([*tiny, *SWEEP, ONE_AT_A_TIME, f"output={output}"]):
        execute(job)
    assert len(runs(output / "default")) == 4
    return runs(output / "default")


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


def without_the_clock(tree):
    if isinstance(tree, dict):
        return {k: without_the_clock(v) for k, v in tree.items() if k not in OF_THE_CLOCK}
    return tree


def files_of(run: RunDirectory) -> dict[str, Path]:
    return {str(f.relative_to(run.path)): f for f in run.path.rglob("*") if f.is_file()}


def curve_of(run: RunDirectory) -> list[dict]:
    lines = (run.path / "metrics.jsonl").read_text().splitlines()
    return [without_the_clock(json.loads(line)) for line in lines]


def log_of(run: RunDirectory) -> list[str]:
    return [line[24:] for line in (run.path / "run.log").read_text().splitlines()]


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


def test_packed_jobs_drawn_one_at_a_time_are_separate_runs_to_the_bit(
    ganvas_command, tiny, calm, loops
):
    done = ganvas_command("run", "-m", *tiny, *SWEEP, ONE_AT_A_TIME, "study=s", PACKED)
    assert done.code == 0, done.err
    assert loops == [4, 4]
    packed = runs("s")
    assert packed.keys() == calm.keys()
    for name, run in calm.items():
        assert_same_result(run, packed[name])
        assert log_of(run) == log_of(packed[name])


def test_packed_jobs_drawn_together_are_separate_runs_to_rounding(ganvas_command, tiny, calm):
    assert ganvas_command("run", "-m", *tiny, *SWEEP, "study=s", PACKED).code == 0
    # Drawn as many as pay, they have another signature.
    packed = {str([run.config[axis] for axis in AXES]): run for run in runs("s").values()}
    latents = []
    for run in calm.values():
        same = packed[str([run.config[axis] for axis in AXES])]
        assert files_of(run).keys() == files_of(same).keys()
        one, other = (load_file(r.embedding_file)["latent"] for r in (run, same))
        assert torch.allclose(one, other, atol=1e-4)
        assert all((one - earlier).abs().max() > 1e-2 for earlier in latents)
        latents.append(one)
        for a, b in zip(curve_of(run), curve_of(same), strict=True):
            assert a["psnr"] == pytest.approx(b["psnr"], abs=0.01)
            assert a["loss"] == pytest.approx(b["loss"], rel=1e-3)
        pictures = [
            np.asarray(Image.open(r.picture_file(r.images[0], "result")), int) for r in (run, same)
        ]
        assert np.abs(pictures[0] - pictures[1]).max() <= 2


def test_an_interrupted_pack_goes_on_as_a_pack_and_each_job_alone(
    ganvas_command, tiny, calm, loops, monkeypatch
):
    words = ("run", *tiny, ONE_AT_A_TIME, "study=s")
    step_of = Stage.training_step

    def interrupted(self, step):
        if step == 3:
            os.kill(os.getpid(), signal.SIGINT)
        step_of(self, step)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Stage, "training_step", interrupted)
        assert ganvas_command(*words, "-m", *SWEEP, PACKED).code == 130
    cut = runs("s")
    assert [(run.state, run.status["step"]) for run in cut.values()] == [("interrupted", 4)] * 4
    one = (TERMS, "seed=2", "loss.latent.mse.weight=0.1")
    assert ganvas_command(*words, *one).code == 0
    loops.clear()
    assert ganvas_command(*words, "-m", *SWEEP, PACKED).code == 0
    assert loops == [3, 3]
    for name, run in calm.items():
        assert_same_result(run, cut[name])
        assert not cut[name].checkpoint_file.exists()


def is_second(monitor: RunMonitor) -> bool:
    return "seed: 2\n" in (monitor.folder.path / "config.yaml").read_text()


def test_jobs_that_fail_leave_the_others(ganvas_command, tiny, calm, loops, monkeypatch):
    rows = RunMonitor.rows

    def full(self, curve):
        if is_second(self):
            raise StorageError("no space left")
        rows(self, curve)

    monkeypatch.setattr(RunMonitor, "rows", full)
    done = ganvas_command("run", "-m", *tiny, *SWEEP, ONE_AT_A_TIME, "study=s", PACKED)
    assert done.code == 1
    assert "failed      seed=2 loss.latent.mse.weight=1  no space left" in done.err
    assert loops == [4, 2]
    for name, run in runs("s").items():
        if run.config["seed"] == 1:
            assert_same_result(calm[name], run)
            assert log_of(run) == log_of(calm[name])
        else:
            assert run.error == "StorageError: no space left"
            assert "Traceback" in (run.path / "run.log").read_text()


def test_a_job_that_diverges_leaves_the_others(ganvas_command, tiny, calm):
    words = (TERMS, "seed=1", "loss.latent.mse.weight=1,1e39,0.1")
    assert ganvas_command("run", "-m", *tiny, *words, ONE_AT_A_TIME, "study=s", PACKED).code == 1
    packed = runs("s")
    assert sorted(run.state for run in packed.values()) == ["failed", "finished", "finished"]
    for name, run in packed.items():
        if run.state == "finished":
            assert_same_result(calm[name], run)
        else:
            assert "stage w diverged at step 0" in run.error


def test_pruned_jobs_leave_their_pack_and_can_go_on(ganvas_command, tiny, calm, loops):
    words = ("run", "-m", *tiny, *SWEEP, ONE_AT_A_TIME, "study=s", PACKED)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(RunMonitor, "is_pruned", is_second)
        assert ganvas_command(*words).code == 0
    assert loops == [4, 2]
    packed = runs("s")
    assert sorted(r.state for r in packed.values()) == ["finished"] * 2 + ["pruned"] * 2
    assert ganvas_command(*words).code == 0
    for name, run in packed.items():
        assert_same_result(calm[name], run)


def test_each_job_stops_early_where_it_would_alone(ganvas_command, tiny):
    words = (
        "run", "-m", *tiny, ONE_AT_A_TIME, "edit=reconstruct_w", "budget.latent=30",
        "mask=full,box", "edit.stages.w.early_stopping={patience: 2, improvement: 0.05}",
        "budget.flush_every=1",
    )  # fmt: skip
    assert ganvas_command(*words, "study=alone").code == 0
    assert ganvas_command(*words, "study=packed", PACKED).code == 0
    alone, packed = runs("alone"), runs("packed")
    assert len({run.metrics["stages"]["w"]["steps"] for run in alone.values()}) == 2
    for name, run in alone.items():
        assert_same_result(run, packed[name])


def test_packs_are_of_one_sort_and_of_bounded_size(ganvas_command, tiny, loops):
    words = ("run", "-m", *tiny, "study=s", "edit=reconstruct_w", "budget.latent=1", PACKED)
    axes = ("seed=1,2,3", "optimizer.latent.lr=0.1,0.2")
    assert ganvas_command(*words, *axes, "hydra.launcher.size=2").code == 0
    assert sorted(loops) == [1, 1, 2, 2]
    refused = ganvas_command(*words, *axes, "hydra.launcher.size=0")
    assert refused.code == 2
    assert "hydra.launcher.size=0" in refused.complaint


def experiments(*words):
    return [build(validate(job.config)) for job in resolve(words)]


@pytest.mark.parametrize("axis", [
    "seed=1,2", "mask=full,box", "image=astronaut,portrait", "start=w_avg,random",
    "loss.latent.mse.weight=1,2", "metrics=pixel,latent", "edit.stages.n.objective.Mk_n.weight=1,2",
])  # fmt: skip
def test_jobs_that_one_loop_can_hold_are_packed(tiny, axis):
    a, b = experiments(*tiny, axis)
    assert a != b
    assert packable(a, b)


@pytest.mark.parametrize("axis", [
    "loss.latent.mean.weight=1,0", "loss=pixel,lpips", "optimizer.latent.lr=0.1,0.2",
    "layers=all,coarse", "budget.latent=6,7", "budget.frame_every=2,3", "generator.seed=0,1",
    "trainer.micro_batch=1,2", "edit=reconstruct,reconstruct_w", "edit=reconstruct,inpaint",
    "loss.latent.mse.weight={value:1.0,up:0.1},{value:2.0,up:0.1}",
])  # fmt: skip
def test_jobs_that_differ_in_more_are_not(tiny, axis):
    terms = () if axis.startswith("loss=") else (TERMS,)
    a, b = experiments(*tiny, *terms, axis)
    assert not packable(a, b)


def test_jobs_of_a_search_that_looks_at_all_images_are_packed_with_none(tiny):
    a, _ = experiments(*tiny, "optimizer=lbfgs", "seed=1,2")
    assert not packable(a, a)
