from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest

from ganvas.analysis.study import read_study
from ganvas.errors import ConfigError, StorageError
from ganvas.report import wandb_sync
from ganvas.report.wandb_sync import offline_runs, send_offline_runs
from ganvas.runner.directory import RunDirectory


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
    with RunDirectory(tmp_path / "c").locked():
        yield read_study(tmp_path)


def mark(runs, folder):
    for item in offline_runs(runs):
        if str(item.file.parent) == folder:
            item.file.with_name("run-abc.wandb.synced").touch()


def test_each_run_is_sent_once_and_running_ones_wait(runs):
    sent, declared = [], []

    def send(arguments):
        sent.append(arguments)
        mark(runs, arguments[1])
        return 0

    def declare(item):
        declared.append((item.run.name, item.id, item.sent))

    assert send_offline_runs(runs, send, declare) == (2, 1)
    assert [arguments[0] for arguments in sent] == ["sync", "sync"]
    assert declared == [("a", "abc", True), ("b", "abc", True)]
    assert send_offline_runs(runs, send, declare) == (0, 3)
    assert len(sent) == len(declared) == 2


def test_a_killed_run_does_not_wait_for_ever(tmp_path):
    folder = tmp_path / "k" / "wandb" / "offline-run-20260131_120000-abc"
    folder.mkdir(parents=True)
    (folder / "run-abc.wandb").touch()
    (tmp_path / "k" / "status.json").write_text(json.dumps({"state": "running"}))
    sent = []
    send_offline_runs(read_study(tmp_path), lambda a: sent.append(a) or 0, lambda item: None)
    assert len(sent) == 1


def test_a_lineage_that_failed_is_attached_by_the_next_command_without_a_second_upload(runs):
    sent = []

    def send(arguments):
        sent.append(arguments)
        mark(runs, arguments[1])
        return 0

    def refuse(item):
        raise ConfigError("no")

    with pytest.raises(ConfigError):
        send_offline_runs(runs, send, refuse)
    assert send_offline_runs(runs, send, lambda item: None) == (2, 1)
    assert len(sent) == 2


def test_a_renamed_run_is_sent_from_where_it_was_recorded(runs, tmp_path):
    """W&B's records name staged files by absolute paths; a repetition is renamed when it ends."""
    recorded = tmp_path / "a.new"
    (runs[0].path / "wandb" / "lineage.json").write_text(json.dumps({"folder": str(recorded)}))
    seen = {}

    def send(arguments):
        seen[Path(arguments[1]).parts[-3]] = (recorded / "status.json").is_file()
        return 0

    send_offline_runs(runs, send, lambda item: None)
    assert seen == {"a": True, "b": False}
    assert not recorded.exists()


def test_a_refused_upload_is_named(runs):
    with pytest.raises(ConfigError, match="did not take a; `wandb login`"):
        send_offline_runs(runs, lambda arguments: 1)


def test_lineage_is_attached_to_the_uploaded_run(tiny_run, monkeypatch):
    first = tiny_run("logger=csv", "study=lineage")
    second = tiny_run(
        "logger=wandb", "study=lineage", "start=embedding", "logger.entity=me",
        f"start.path={first.path / 'embedding.safetensors'}",
    )  # fmt: skip
    (item,) = offline_runs(read_study(second.path.parent))
    monkeypatch.setattr("wandb.init", server := _Recorder())
    wandb_sync.declare_lineage(item)
    assert server.settings["id"] == item.id
    assert server.settings["resume"] == "must"
    assert (server.settings["project"], server.settings["entity"]) == ("ganvas", "me")
    generator = second.provenance["generator"]
    assert server.calls == [
        (
            "generator",
            f"generator-{generator['name']}-{generator['sha256'][:10]}",
            ["generator.json"],
        ),
        ("embedding", f"embedding-{first.path.name}", ["embedding.safetensors"]),
        ("finish", 0),
    ]


class _Recorder:
    """Stands for `wandb.init` and the online run that it returns; keeps what is asked of them."""

    def __init__(self):
        self.calls = []

    def __call__(self, **settings):
        self.settings = settings
        return self

    def use_artifact(self, artifact):
        self.calls.append((artifact.type, artifact.name, sorted(artifact.manifest.entries)))

    def finish(self, exit_code):
        self.calls.append(("finish", exit_code))


def test_a_mark_that_cannot_be_written_is_one_line_and_the_next_command_goes_on(runs, monkeypatch):
    def refuse(file, *_):
        raise OSError(errno.ENOSPC, "No space left on device")

    send, declare = (lambda arguments: mark(runs, arguments[1]) or 0), (lambda item: None)
    with monkeypatch.context() as full:
        full.setattr(Path, "touch", refuse)
        full.setattr(wandb_sync.OfflineRun, "sent", True)
        with pytest.raises(StorageError, match="no space left to write"):
            send_offline_runs(runs, send, declare)
    assert send_offline_runs(runs, send, declare) == (2, 1)
