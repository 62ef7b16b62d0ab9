"""Jobs in packs: each leaves what a run of its own leaves, and each goes on alone."""

import json
import os
import signal
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from ganvas.config.compose import Resolver, resolve
from ganvas.config.overrides import expand
from ganvas.config.schema import build
from ganvas.errors import StorageError
from ganvas.runner.directory import RunDirectory
from ganvas.runner.job import execute, validate
from ganvas.runner.monitor import RunMonitor
from ganvas.stage import fit as fitting
from ganvas.stage.stage import Stage
from ganvas.study import packed
from ganvas.study.packed import PackedJob, PackedSettings, packable, packs
from ganvas.study.plan import plan
from ganvas.study.task import Task

PACKED = "hydra/launcher=packed"
# Beside a second term, Adam does not cancel a weight out.
TERMS = "loss.latent.mean={_target_: ganvas.loss.DistanceToMean, weight: 0.1}"
WEIGHT = "loss.latent.mse.weight"
SWEEP = (TERMS, "seed=1,2", f"{WEIGHT}=1,0.1")
AXES = ("seed", "loss")
ONE_AT_A_TIME = "trainer.micro_batch=1"
FRAMES = "budget.frame_every=5"
OF_THE_CLOCK = {"seconds", "steps_per_second", "peak_memory_mib"}


def runs(study: Path | str) -> dict[str, RunDirectory]:
    files = Path("outputs", study).glob("*/status.json")
    return {file.parent.name: RunDirectory(file.parent) for file in files}


@pytest.fixture(scope="module")
def calm(tmp_path_factory, tiny) -> dict[str, RunDirectory]:
    """The jobs of the sweep as separate runs."""
    output = tmp_path_factory.mktemp("calm")
    for job in resolve([*tiny, FRAMES, *SWEEP, ONE_AT_A_TIME, f"output={output}"]):
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
    lines = (run.path / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [without_the_clock(json.loads(line)) for line in lines]


def log_of(run: RunDirectory) -> list[str]:
    return [line[24:] for line in (run.path / "run.log").read_text(encoding="utf-8").splitlines()]


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
    done = ganvas_command("run", "-m", *tiny, FRAMES, *SWEEP, ONE_AT_A_TIME, "study=s", PACKED)
    assert done.code == 0, done.err
    assert loops == [4, 4]
    packed = runs("s")
    assert packed.keys() == calm.keys()
    for name, run in calm.items():
        assert_same_result(run, packed[name])
        assert log_of(run) == log_of(packed[name])


def test_packed_jobs_drawn_together_are_separate_runs_to_rounding(ganvas_command, tiny, calm):
    assert ganvas_command("run", "-m", *tiny, FRAMES, *SWEEP, "study=s", PACKED).code == 0
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
    words = ("run", *tiny, FRAMES, ONE_AT_A_TIME, "study=s")
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
    one = (TERMS, "seed=2", f"{WEIGHT}=0.1")
    assert ganvas_command(*words, *one).code == 0
    loops.clear()
    assert ganvas_command(*words, "-m", *SWEEP, PACKED).code == 0
    assert loops == [3, 3]
    for name, run in calm.items():
        assert_same_result(run, cut[name])
        assert not cut[name].checkpoint_file.exists()


def test_jobs_that_fail_diverge_or_are_pruned_leave_the_others(ganvas_command, tiny, calm, loops):
    words = ("run", "-m", *tiny, FRAMES, *SWEEP[:-1], ONE_AT_A_TIME, "study=s", PACKED)
    rows = RunMonitor.rows

    def is_job(monitor, weight):
        config = monitor.folder.config
        return config["seed"] == 2 and config["loss"]["latent"]["mse"]["weight"] == weight

    def full(self, curve):
        if is_job(self, 1):
            raise StorageError("no space left")
        rows(self, curve)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(RunMonitor, "rows", full)
        patched.setattr(RunMonitor, "is_pruned", lambda self: is_job(self, 0.1))
        done = ganvas_command(*words, f"{WEIGHT}=1,0.1,1e39")
    assert done.code == 1
    assert f"failed      seed=2 {WEIGHT}=1  no space left" in done.err
    assert loops == [6, 2]
    packed = runs("s")
    states = {"failed": 0, "finished": 0, "pruned": 0}
    for name, run in packed.items():
        states[run.state] += 1
        if run.state == "finished":
            assert_same_result(calm[name], run)
            assert log_of(run) == log_of(calm[name])
        elif run.state == "failed":
            assert "no space left" in run.error or "stage w diverged at step 0" in run.error
            assert "Traceback" in (run.path / "run.log").read_text(encoding="utf-8")
    assert states == {"failed": 3, "finished": 2, "pruned": 1}
    assert ganvas_command(*words, f"{WEIGHT}=1,0.1").code == 0
    for name, run in calm.items():
        assert_same_result(run, packed[name])


def test_a_job_that_another_process_saw_fail_has_failed(tiny, tmp_path, monkeypatch):
    (planned,) = plan([[*tiny, f"output={tmp_path}", "retry_failed=false"]])
    planned.final.path.mkdir(parents=True)
    planned.final.write_status(state="failed", error="no space left")
    monkeypatch.setattr(packed, "is_settled", lambda task: False)  # it failed just afterwards
    task = Task(planned)
    observer = SimpleNamespace(begun=lambda: None, state_changed=lambda task: None)
    packed.execute_packs([task], Resolver(), PackedSettings(), observer)
    assert (task.state, task.note) == ("failed", "no space left")


def test_each_job_stops_early_where_it_would_alone(ganvas_command, tiny):
    words = (
        "run", "-m", *tiny, FRAMES, ONE_AT_A_TIME, "edit=reconstruct_w", "budget.latent=20",
        "mask=full,box", "edit.stages.w.early_stopping={patience: 2, improvement: 0.05}",
        "budget.flush_every=1",
    )  # fmt: skip
    assert ganvas_command(*words, "study=alone").code == 0
    assert ganvas_command(*words, "study=packed", PACKED).code == 0
    alone, packed = runs("alone"), runs("packed")
    assert len({run.metrics["stages"]["w"]["steps"] for run in alone.values()}) == 2
    for name, run in alone.items():
        assert_same_result(run, packed[name])


def experiments(resolver, *words):
    jobs = expand(words, resolver.groups)
    return [build(validate(resolver.resolve(job).config)) for job in jobs]


def test_jobs_are_packed_where_one_loop_can_hold_them(tiny):
    resolver = Resolver()

    def is_packed(axis):
        a, b = experiments(resolver, *tiny, *(() if axis.startswith("loss=") else (TERMS,)), axis)
        assert a != b
        return packable(a, b)

    for axis in (
        "seed=1,2", "mask=full,box", "image=astronaut,portrait", "start=w_avg,random",
        f"{WEIGHT}=1,2", "edit.stages.n.objective.Mk_n.weight=1,2",
    ):  # fmt: skip
        assert is_packed(axis), axis
    for axis in (
        "loss=pixel,lpips", "loss.latent.mean.weight=1,0", "optimizer.latent.lr=0.1,0.2",
        f"{WEIGHT}={{value:1.0,up:0.1}},{{value:2.0,up:0.1}}", "layers=all,coarse",
        "budget.latent=6,7", "generator.seed=0,1",
        "trainer.micro_batch=1,2", "edit=reconstruct,reconstruct_w", "edit=reconstruct,inpaint",
    ):  # fmt: skip
        assert not is_packed(axis), axis
    search, _ = experiments(resolver, *tiny, "optimizer=lbfgs", "seed=1,2")
    assert not packable(search, search)


def test_packs_are_of_one_sort_and_of_bounded_size(tiny, ganvas_command):
    words = (*tiny, "seed=1,2,3", "optimizer.latent.lr=0.1,0.2")
    jobs = [PackedJob(None, None, e) for e in experiments(Resolver(), *words)]
    found = [[(j.experiment.seed, j.experiment.optimizer.latent.lr) for j in pack]
             for pack in packs(jobs, 2)]  # fmt: skip
    assert found == [[(1, 0.1), (2, 0.1)], [(1, 0.2), (2, 0.2)], [(3, 0.1)], [(3, 0.2)]]
    refused = ganvas_command("run", "-m", *words, PACKED, "hydra.launcher.size=0")
    assert refused.code == 2
    assert "hydra.launcher.size=0" in refused.complaint
