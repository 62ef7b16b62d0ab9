import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from ganvas.study.records import read_study

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
RUNS = 24
FAULTS = {"1.raise": "ValueError", "3.kill": "SIGKILL", "5.memory": "memory_mib=1500"}


def start(output, faults):
    words = [
        "run", "-m", "--config-dir", str(HERE / "faulty"), "hydra/launcher=local",
        "hydra.launcher.jobs=2", "hydra.launcher.memory_mib=1500", "generator=tiny", "loss=faulty",
        "start=marked", "metrics=pixel", "logger=none", "budget=preview",
        "budget.latent=14", "budget.noise=4", "trainer=cpu",
        "+trainer.checkpoint_seconds=0", "budget.frame_every=0", "study=s", f"output={output}",
        f"seed=range(0,{RUNS})",
    ]  # fmt: skip
    environment = {**os.environ, "FAULTS": str(faults), "PYTHONPATH": str(ROOT / "src")}
    return subprocess.Popen(
        [sys.executable, "-m", "ganvas.cli", *words],
        env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def states(output):
    found = Counter()
    for file in (output / "s").glob("*/status.json"):
        found[json.loads(file.read_text())["state"]] += 1
    return found


def without_time(run):
    text = json.dumps(run.metrics, sort_keys=True)
    kept = json.loads(text)
    for stage in kept["stages"].values():
        for name in ("seconds", "steps_per_second", "peak_memory_mib"):
            stage.pop(name)
    return kept


@pytest.fixture
def started():
    """Processes that are killed with all their jobs, should the test end early."""
    found = []
    yield found
    for process in found:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_study_survives_faults_and_the_launchers_death(tmp_path, started):
    disturbed, calm = tmp_path / "disturbed", tmp_path / "calm"
    faults, none = tmp_path / "faults", tmp_path / "none"
    for folder in (faults, none):
        folder.mkdir()
    for name in FAULTS:
        (faults / name).touch()

    first = start(disturbed, faults)
    started.append(first)
    deadline = time.monotonic() + 600
    while states(disturbed)["finished"] < 10 and time.monotonic() < deadline:
        assert first.poll() is None, first.stderr.read()
        time.sleep(0.05)
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    assert list(faults.glob("*.*")) == []
    by_seed = {run.config["seed"]: run for run in read_study(disturbed / "s")}
    assert states(disturbed)["finished"] < RUNS
    for name, error in FAULTS.items():
        status = by_seed[int(name.split(".")[0])].status
        assert status["state"] == "failed"
        assert error in status["error"]

    second = start(disturbed, faults)
    started.append(second)
    _, told = second.communicate(timeout=600)
    assert second.returncode == 0, told
    assert f"{RUNS} runs: {RUNS} finished" in told
    runs = read_study(disturbed / "s")
    assert len(runs) == RUNS
    assert {run.status["state"] for run in runs} == {"finished"}

    broken = {int(name.split(".")[0]) for name in FAULTS}
    attempts = {run.config["seed"]: run.status["attempts"] for run in runs}
    assert {seed for seed, n in attempts.items() if n > 1} == broken
    lines = [line.split() for line in (faults / "started").read_text().splitlines()]
    processes = Counter(seed for seed, pid in {(s, p) for s, p in lines})
    assert {int(seed): n for seed, n in processes.items()} == attempts

    undisturbed = start(calm, none)
    started.append(undisturbed)
    _, told = undisturbed.communicate(timeout=600)
    assert undisturbed.returncode == 0, told
    expected = {run.name: without_time(run) for run in read_study(calm / "s")}
    assert {run.name: without_time(run) for run in runs} == expected
    for run in runs:
        first, second = (
            load_file(folder / "s" / run.name / "embedding.safetensors")
            for folder in (disturbed, calm)
        )
        assert first.keys() == second.keys()
        assert all(torch.equal(first[name], second[name]) for name in first)
