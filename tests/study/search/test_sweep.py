import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("optuna", minversion="4")

from ganvas.errors import Interrupted
from ganvas.runner.directory import find_runs
from ganvas.stage.stage import Stage
from ganvas.study.plan import not_there

SRC = Path(__file__).parents[3] / "src"
PRUNER = (
    "~hydra.sweeper.pruner.n_startup_trials", "+hydra.sweeper.pruner.lower=12",
    "hydra.sweeper.pruner._target_=optuna.pruners.ThresholdPruner",
    "hydra.sweeper.pruner.n_warmup_steps=100",
)  # fmt: skip


STUCK, FREE = 5000, 150
"""Steps of the runs, more than the pruner's warm-up; those of a stuck one do not come to an end."""
OPTION = """# @package _global_
budget: {{latent: {steps}}}
optimizer: {{latent: {{lr: {rate}}}}}
"""


def sweep(folder, trials):
    options = folder / "options" / "experiment"
    options.mkdir(parents=True, exist_ok=True)
    (options / "stuck.yaml").write_text(OPTION.format(steps=STUCK, rate=1e-9))
    (options / "free.yaml").write_text(OPTION.format(steps=FREE, rate=0.05))
    words = [
        "run", "-m", "--config-dir", str(options.parent),
        "hydra/sweeper=optuna", "hydra/launcher=local", "hydra.launcher.jobs=2",
        f"hydra.sweeper.n_trials={trials}", "hydra.sweeper.n_jobs=2", "hydra.sweeper.curve=psnr",
        *PRUNER, "generator=tiny", "loss=pixel", "metrics=pixel",
        "logger=none", "budget=preview", "budget.noise=0",
        "edit.stages.w.tied=0",
        "budget.frame_every=0", "trainer=cpu", "study=s", f"output={folder}",
        "experiment=stuck,free",
    ]  # fmt: skip
    return subprocess.run(
        [sys.executable, "-m", "ganvas.cli", *words],
        env={**os.environ, "PYTHONPATH": str(SRC)}, capture_output=True, text=True,
    )  # fmt: skip


def test_an_interrupted_search_without_a_launcher_continues_its_trial(ganvas_command, tiny):
    words = (
        "run", "-m", "hydra/sweeper=optuna", "hydra.sweeper.n_trials=2", *tiny, "study=s",
        "hydra.sweeper.sampler.seed=null",  # so that a new trial would be another one
        "optimizer.latent.lr=interval(0.01,0.5)",
    )  # fmt: skip

    def interrupted(self, step):
        raise Interrupted("stopped")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Stage, "training_step", interrupted)
        assert ganvas_command(*words).code == 130
    (cut,) = find_runs(Path("outputs", "s"))
    assert cut.state == "interrupted"
    assert ganvas_command(*words).code == 0
    assert cut.state == "finished"
    assert len(find_runs(Path("outputs", "s"))) == 2


def test_a_space_in_the_settings_holds_options_and_mappings(ganvas_command, tiny):
    masks = "half,{_target_:ganvas.mask.Box,left:0.2}"
    space = "{optimizer.latent.lr: 'choice(0.1,0.2)', mask: '" + masks + "'}"
    words = (
        "run", "-m", "hydra/sweeper=optuna", *tiny, "study=s",
        "+hydra.sweeper.sampler={_target_: optuna.samplers.GridSampler, "
        "search_space: {optimizer.latent.lr: ['0.1', '0.2'], "
        "mask: [half, '{_target_:ganvas.mask.Box,left:0.2}']}, seed: 0}",
    )  # fmt: skip
    done = ganvas_command(*words, f"hydra.sweeper.params={space}", "hydra.sweeper.n_trials=9")
    assert done.code == 0, done.err
    assert "the sampler has tried everything" in done.err
    runs = find_runs(Path("outputs", "s"))
    found = {(run.config["mask"]["_target_"], run.config["mask"].get("left")) for run in runs}
    assert len(runs) == 4
    assert ("ganvas.mask.Box", 0.2) in found
    assert {run.config["optimizer"]["latent"]["lr"] for run in runs} == {0.1, 0.2}
    # What only checks the space is no planned run.
    assert not_there(Path("outputs", "s")) == []


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_runs_are_pruned_by_their_curves_and_the_search_continues(tmp_path):
    done = sweep(tmp_path, 4)
    assert done.returncode == 0, done.stderr
    assert "best: " in done.stderr
    found = {}
    for file in (tmp_path / "s").glob("*/status.json"):
        config = (file.parent / "config.yaml").read_text(encoding="utf-8")
        found["1.0e-09" in config] = json.loads(file.read_text(encoding="utf-8"))
    assert found[False]["state"] == "finished"
    assert found[True]["state"] == "pruned"
    assert 100 < found[True]["step"] < STUCK
    assert found[True]["error"] is None

    again = sweep(tmp_path, 4)
    assert again.returncode == 0, again.stderr
    assert "4 of 4 trials are finished already" in again.stderr
