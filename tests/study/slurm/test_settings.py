import os

import pytest

from ganvas.errors import ConfigError
from ganvas.study.launch import settings_of

TARGET = "hydra_plugins.ganvas.slurm.SlurmLauncher"


@pytest.fixture
def commands(tmp_path, monkeypatch):
    """A PATH on which SLURM's commands stand, but do nothing."""
    for name in ("sbatch", "srun", "squeue", "scontrol"):
        file = tmp_path / name
        file.write_text("#!/bin/sh\n")
        file.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    return tmp_path


def queue(**given):
    return settings_of({"_target_": TARGET, **given})


def test_parameters_are_what_submitit_asks_for(commands):
    submitit = pytest.importorskip("submitit")
    asked = queue(
        jobs=3, threads=2, gpus=1, memory_mib=1500, timeout_min=7, setup=["module load x"],
        additional={"constraint": "a100"},
    )  # fmt: skip
    parameters = asked.parameters(8, ["export A=1"])
    executor = submitit.SlurmExecutor(commands)
    executor.update_parameters(**parameters)
    text = executor._make_submission_file_text("command", "x")
    for line in (
        "#SBATCH --cpus-per-task=2", "#SBATCH --gpus-per-node=1", "#SBATCH --mem=1500M",
        "#SBATCH --time=7", "#SBATCH --constraint=a100", "#SBATCH --requeue",
        "#SBATCH --signal=USR2@90", "export A=1\nmodule load x",
    ):  # fmt: skip
        assert line in text
    assert parameters["array_parallelism"] == 3
    assert queue().parameters(8, [])["array_parallelism"] == 8


def test_refusals_are_one_line_before_any_work(commands, monkeypatch):
    with pytest.raises(ConfigError, match=r"hydra.launcher: .*leaves no time to work"):
        queue(timeout_min=1, signal_delay_s=55)
    with pytest.raises(ConfigError, match="did you mean 'partition'"):
        queue(partitoin="gpu")
    (commands / "sbatch").unlink()
    monkeypatch.setenv("PATH", str(commands))
    with pytest.raises(ConfigError, match="there is no `sbatch` here"):
        queue()
