import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("optuna", minversion="4")

SRC = Path(__file__).parents[3] / "src"
PRUNER = (
    "~hydra.sweeper.pruner.n_startup_trials", "+hydra.sweeper.pruner.lower=12",
    "hydra.sweeper.pruner._target_=optuna.pruners.ThresholdPruner",
    "hydra.sweeper.pruner.n_warmup_steps=100",
)  # fmt: skip


def sweep(folder, trials):
    words = [
        "run", "-m", "hydra/sweeper=optuna", "hydra/launcher=local", "hydra.launcher.jobs=2",
        f"hydra.sweeper.n_trials={trials}", "hydra.sweeper.n_jobs=2", "hydra.sweeper.curve=psnr",
        *PRUNER, "generator=tiny", "loss=pixel", "metrics=pixel",
        "logger=none", "budget=preview", "budget.latent=5000", "budget.noise=0",
        "edit.stages.w.tied=0",
        "budget.frame_every=0", "trainer=cpu", "study=s", f"output={folder}",
        "optimizer.latent.lr=1e-9,0.05",
    ]  # fmt: skip
    return subprocess.run(
        [sys.executable, "-m", "ganvas.cli", *words],
        env={**os.environ, "PYTHONPATH": str(SRC)}, capture_output=True, text=True,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_runs_are_pruned_by_their_curves_and_the_search_continues(tmp_path):
    done = sweep(tmp_path, 4)
    assert done.returncode == 0, done.stderr
    assert "best: " in done.stderr
    found = {}
    for file in (tmp_path / "s").glob("*/status.json"):
        config = (file.parent / "config.yaml").read_text()
        found["1.0e-09" in config] = json.loads(file.read_text())
    assert found[False]["state"] == "finished"
    assert found[True]["state"] == "pruned"
    assert 100 < found[True]["step"] < 5000
    assert found[True]["error"] is None

    again = sweep(tmp_path, 4)
    assert again.returncode == 0, again.stderr
    assert "4 of 4 trials are finished already" in again.stderr
