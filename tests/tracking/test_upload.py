from __future__ import annotations

import json

import pytest

from ganvas.errors import ConfigError
from ganvas.study.records import read_study
from ganvas.tracking.upload import offline_runs, send_offline_runs


@pytest.fixture
def runs(tmp_path):
    for name, state in {"a": "finished", "b": "failed", "c": "running", "d": "finished"}.items():
        run = tmp_path / name
        run.mkdir()
        (run / "status.json").write_text(json.dumps({"state": state}))
        if name != "d":
            folder = run / "wandb" / "offline-run-20260131_120000-abc"
            folder.mkdir(parents=True)
            (folder / "run-abc.wandb").touch()
    return read_study(tmp_path)


def test_each_run_is_sent_once_and_running_ones_wait(runs):
    sent = []

    def send(arguments):
        sent.append(arguments)
        folder = arguments[1]
        for item in offline_runs(runs):
            if str(item.file.parent) == folder:
                item.file.with_name("run-abc.wandb.synced").touch()
        return 0

    assert send_offline_runs(runs, send) == (2, 1)
    assert [arguments[0] for arguments in sent] == ["sync", "sync"]
    assert send_offline_runs(runs, send) == (0, 3)
    assert len(sent) == 2


def test_a_refused_upload_is_named(runs):
    with pytest.raises(ConfigError, match="did not take a; `wandb login`"):
        send_offline_runs(runs, lambda arguments: 1)
