"""What the environment keeps secret stays out of every file of a run."""

from __future__ import annotations

import pytest

KEYS = ("WANDB_API_KEY", "HF_TOKEN", "AWS_SECRET_ACCESS_KEY")
SECRET = "5ec2e7" * 6 + "abcd"


@pytest.mark.parametrize("logger", ["none", "wandb", "tensorboard", "csv"])
def test_no_file_of_a_run_holds_a_secret_of_the_environment(logger, tiny_run, monkeypatch):
    for key in KEYS:
        monkeypatch.setenv(key, SECRET)
    path = tiny_run(f"logger={logger}").path
    files = [file for file in path.rglob("*") if file.is_file()]
    assert len(files) > 8
    assert [file for file in files if SECRET.encode() in file.read_bytes()] == []
