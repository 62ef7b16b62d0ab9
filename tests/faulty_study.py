"""A study of runs in which jobs fail on purpose, for the launchers' tests; see study/faulty."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import torch
from safetensors.torch import load_file

from ganvas.analysis.study import read_study

HERE = Path(__file__).parent
RUNS = 10
LOCAL = ("hydra/launcher=local", "hydra.launcher.jobs=2", "hydra.launcher.memory_mib=1500")
ONE_PROCESS = ()
"""No launcher: one run after another, which starts Python once."""


def start(output, faults, launcher=LOCAL):
    words = [
        "run", "-m", "--config-dir", str(HERE / "study" / "faulty"), *launcher,
        "generator=tiny", "loss=faulty", "start=marked", "metrics=pixel", "logger=none",
        "budget=preview", "budget.latent=14", "budget.noise=4", "trainer=cpu",
        "+trainer.checkpoint_seconds=0", "budget.frame_every=0", "study=s", f"output={output}",
        f"seed=range(0,{RUNS})",
    ]  # fmt: skip
    path = HERE.parent / "src"
    environment = {**os.environ, "FAULTS": str(faults), "PYTHONPATH": str(path)}
    return subprocess.Popen(
        [sys.executable, "-m", "ganvas.cli", *words],
        env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def succeed(process, timeout=900):
    """Wait for a command to succeed; return what it said."""
    _, told = process.communicate(timeout=timeout)
    assert process.returncode == 0, told
    return told


def finish(process):
    """Wait for a launcher to finish every run; return what it said."""
    told = succeed(process)
    assert f"{RUNS} runs: {RUNS} finished" in told
    return told


def states(output):
    found = Counter()
    for file in (output / "s").glob("*/status.json"):
        found[json.loads(file.read_text(encoding="utf-8"))["state"]] += 1
    return found


def by_seed(output):
    return {run.config["seed"]: run for run in read_study(output / "s")}


def assert_attempts(output, faults, broken):
    """Only the broken runs were started twice, by what the status and the processes say."""
    runs = by_seed(output)
    assert {run.status["state"] for run in runs.values()} == {"finished"}
    attempts = {seed: run.status["attempts"] for seed, run in runs.items()}
    assert {seed for seed, n in attempts.items() if n > 1} == broken
    lines = [line.split() for line in (faults / "started").read_text(encoding="utf-8").splitlines()]
    processes = Counter(seed for seed, pid in {(s, p) for s, p in lines})
    assert {int(seed): n for seed, n in processes.items()} == attempts


def assert_same_results(first, second):
    """All but time and memory is equal, and the embeddings to the bit."""
    runs = read_study(first / "s")
    assert len(runs) == RUNS
    expected = {run.name: without_time(run) for run in read_study(second / "s")}
    assert {run.name: without_time(run) for run in runs} == expected
    for run in runs:
        one, other = (
            load_file(folder / "s" / run.name / "embedding.safetensors")
            for folder in (first, second)
        )
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one)


def without_time(run):
    kept = json.loads(json.dumps(run.metrics, sort_keys=True))
    for stage in kept["stages"].values():
        for name in ("seconds", "steps_per_second", "peak_memory_mib"):
            stage.pop(name)
    return kept
