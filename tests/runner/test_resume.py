"""A run that is killed anywhere and started again ends like one that was left alone, to the bit."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest
from safetensors.torch import load_file

W, N = 12, 8
WORDS = (
    "run",
    "generator=tiny",
    "loss=pixel",
    "metrics=pixel",
    "logger=none",
    "trainer=cpu",
    "trainer.threads=1",
    "trainer.progress=false",
    "budget=preview",
    "budget.frame_every=3",
)
SHORT = (*WORDS, f"budget.latent={W}", f"budget.noise={N}")
OFTEN, NEVER = "trainer.checkpoint_seconds=0", "trainer.checkpoint_seconds=1000"

MOMENTS = {
    "first step of w": ("ganvas.stage.stage:Stage.training_step", 1, "before"),
    "middle of w": ("ganvas.stage.stage:Stage.training_step", W // 2, "before"),
    "before a move in w": ("ganvas.stage.stage:Stage._move", W // 2, "before"),
    "last step of w": ("ganvas.stage.stage:Stage.training_step", W, "after"),
    "middle of n": ("ganvas.stage.stage:Stage.training_step", W + N // 2, "after"),
    "last step of n": ("ganvas.stage.stage:Stage.training_step", W + N, "after"),
    "inside a checkpoint": ("torch:save", 5, "after"),
    "a picture written, not renamed": ("PIL.Image:Image.save", 4, "after"),
    "a checkpoint written, not renamed": ("pathlib:Path.write_bytes", 6, "after"),
    "the curve ahead of the checkpoint": ("ganvas.tracking.record:Record.log", 2, "after"),
    "between the stages": ("ganvas.stage.stage:Stage.__init__", 2, "before"),
    "measuring w": ("ganvas.runner.engine:measure", 1, "before"),
    "measuring the result": ("ganvas.runner.final:measure", 1, "before"),
    "before metrics.json": ("ganvas.runner.engine:write_json", 1, "before"),
    "after metrics.json": ("ganvas.runner.engine:write_json", 1, "after"),
}


def only_run(folder: Path) -> Path:
    (status,) = (folder / "outputs").glob("*/*/status.json")
    return status.parent


def state(folder: Path) -> str:
    return json.loads((only_run(folder) / "status.json").read_text(encoding="utf-8"))["state"]


def curve_of(run: Path) -> list[str]:
    return (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()


def without(tree, *keys: str):
    if isinstance(tree, dict):
        return {k: without(v, *keys) for k, v in tree.items() if k not in keys}
    return tree


def assert_same_result(one: Path, other: Path) -> None:
    a, b = only_run(one), only_run(other)
    assert a.name == b.name
    left, right = (load_file(run / "embedding.safetensors") for run in (a, b))
    assert left.keys() == right.keys()
    for name in left:
        assert left[name].equal(right[name]), name
    metrics = [
        without(
            json.loads((run / "metrics.json").read_text(encoding="utf-8")),
            "seconds", "steps_per_second", "peak_memory_mib",
        )
        for run in (a, b)
    ]  # fmt: skip
    assert metrics[0] == metrics[1]
    curves = [[without(json.loads(line), "seconds") for line in curve_of(run)] for run in (a, b)]
    assert curves[0] == curves[1]
    pictures = [
        {p.relative_to(run): p.read_bytes() for p in (run / "images").rglob("*") if p.is_file()}
        for run in (a, b)
    ]
    assert pictures[0].keys() == pictures[1].keys()
    assert pictures[0] == pictures[1]


@pytest.fixture(scope="module")
def undisturbed(fork_server, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    assert fork_server.run(folder, *SHORT) == 0, (folder / "child.log").read_text(encoding="utf-8")
    assert len(curve_of(only_run(folder))) == W + N
    return folder


NOT_WITHOUT_CHECKPOINTS = {"inside a checkpoint", "a checkpoint written, not renamed"}


@pytest.mark.parametrize(
    ("moment", "every"),
    [(moment, OFTEN) for moment in MOMENTS]
    + [(moment, NEVER) for moment in MOMENTS if moment not in NOT_WITHOUT_CHECKPOINTS],
)
def test_killed_run_continues_to_the_bit(fork_server, undisturbed, tmp_path, moment, every):
    code = fork_server.run(tmp_path, *SHORT, every, kill=MOMENTS[moment])
    assert code == -signal.SIGKILL, (tmp_path / "child.log").read_text(encoding="utf-8")
    assert state(tmp_path) == "running"
    assert fork_server.run(tmp_path, *SHORT) == 0, (tmp_path / "child.log").read_text(
        encoding="utf-8"
    )
    assert state(tmp_path) == "finished"
    assert_same_result(undisturbed, tmp_path)
    assert not list(only_run(tmp_path).rglob(".unfinished*"))
    assert not (only_run(tmp_path) / "checkpoint.pt").exists()


TUNED = (*WORDS, "edit=pti", "budget.latent=3", "budget.weights=8", OFTEN)
STEP = "ganvas.stage.stage:Stage.training_step"


@pytest.mark.parametrize("moment", [
    (STEP, 3 + 4, "after"), (STEP, 3 + 8, "after"), ("ganvas.runner.engine:compact", 1, "after"),
    ("ganvas.runner.final:measure", 1, "before"),
])  # fmt: skip
def test_a_killed_tuning_continues_to_the_bit(fork_server, tmp_path, moment):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert fork_server.run(whole, *TUNED) == 0, (whole / "child.log").read_text(encoding="utf-8")
    assert fork_server.run(cut, *TUNED, kill=moment) == -signal.SIGKILL
    assert fork_server.run(cut, *TUNED) == 0, (cut / "child.log").read_text(encoding="utf-8")
    assert_same_result(whole, cut)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("experiment", "step"), [("z_random", 3), ("z_cma", 3), ("z_basin_cma", 4)]
)
def test_a_killed_search_continues_to_the_bit(fork_server, tmp_path, experiment, step):
    words = (*WORDS, "budget.latent=4", "start.count=4", f"experiment={experiment}")
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert fork_server.run(whole, *words) == 0, (whole / "child.log").read_text(encoding="utf-8")
    assert fork_server.run(cut, *words, OFTEN, kill=(STEP, step, "after")) == -signal.SIGKILL
    assert fork_server.run(cut, *words) == 0, (cut / "child.log").read_text(encoding="utf-8")
    assert_same_result(whole, cut)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_run_killed_at_random_again_and_again(fork_server, tmp_path, seed):
    rng = random.Random(seed)
    long = (*WORDS, "budget.latent=60", "budget.noise=60", f"seed={seed}")
    assert fork_server.run(tmp_path / "calm", *long) == 0
    every = f"trainer.checkpoint_seconds={rng.choice([0, 0.02])}"
    folder, kills, step = tmp_path / "hunted", 0, -1
    while True:
        process = fork_server.start(folder, *long, every)
        goal = step + rng.randint(3, 40)
        while step < goal and not ended(process):
            time.sleep(rng.uniform(0.001, 0.02))
            found = list(folder.glob("outputs/*/*/status.json"))
            step = json.loads(found[0].read_text(encoding="utf-8")).get("step", 0) if found else -1
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        if fork_server.wait() == 0:
            break
        kills += 1
        assert kills < 40
    assert kills > 0
    assert_same_result(tmp_path / "calm", folder)


def ended(process: int) -> bool:
    """Return True when a child of the server has become a zombie or is gone."""
    try:
        return (
            Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
            == "Z"
        )
    except OSError:
        return True


def test_a_run_continues_with_the_threads_it_began_with(fork_server, undisturbed, tmp_path):
    words = [w for w in SHORT if not w.startswith("trainer.threads")]
    kill = ("ganvas.stage.stage:Stage.training_step", W + 2, "after")
    assert fork_server.run(tmp_path, *words, OFTEN, kill=kill) == -signal.SIGKILL
    import torch

    saved = torch.load(only_run(tmp_path) / "checkpoint.pt", weights_only=True)
    assert saved["threads"] == 1


def test_checkpoint_holds_no_frozen_network(fork_server, tmp_path):
    kill = ("ganvas.stage.stage:Stage.training_step", W + 2, "after")
    words = (*SHORT, OFTEN, "generator.channels=256")
    assert fork_server.run(tmp_path, *words, kill=kill) == -signal.SIGKILL
    # 256 channels make more than 16 MB of weights; latent, noise, best and Adam's state are small.
    assert (only_run(tmp_path) / "checkpoint.pt").stat().st_size < 2_000_000


def test_broken_checkpoint_is_named(fork_server, tmp_path):
    kill = ("ganvas.stage.stage:Stage.training_step", W, "after")
    assert fork_server.run(tmp_path, *SHORT, OFTEN, kill=kill) == -signal.SIGKILL
    checkpoint = only_run(tmp_path) / "checkpoint.pt"
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    (tmp_path / "child.log").unlink()
    assert fork_server.run(tmp_path, *SHORT) == 2
    log = (tmp_path / "child.log").read_text(encoding="utf-8")
    assert "checkpoint.pt is broken" in log
    assert "force=true" in log
    assert "Traceback" not in log
