import json
from types import SimpleNamespace

import pytest

from ganvas.command import run as command
from ganvas.config.compose import Resolver
from ganvas.runner.directory import RunDirectory
from ganvas.study import launch, plan
from ganvas.study.settings import LocalSettings
from hydra_plugins.ganvas.local import LocalLauncher

TINY = ["generator=tiny", "loss=pixel", "metrics=pixel", "logger=none", "trainer=cpu"]


def task(state, folder, value=0.0):
    RunDirectory(folder).write_status(state=state, error="a reason")
    (folder / "metrics.json").write_text(json.dumps({"final": {"psnr": value}}))
    planned = SimpleNamespace(path=str(folder), final=RunDirectory(folder), sweep_metric="psnr")
    return SimpleNamespace(planned=planned, state=state)


def test_a_sweeper_gets_values_and_failures(tmp_path, monkeypatch):
    ended = [task("finished", tmp_path / "a", 7.0), task("failed", tmp_path / "b")]
    monkeypatch.setattr(launch, "launch", lambda *_: ended)
    monkeypatch.setattr(plan, "plan", lambda *_: [])
    done, failed = LocalLauncher().launch([["a=1"], ["a=2"]], 0)
    assert done.return_value == 7.0
    with pytest.raises(Exception, match="a reason"):
        _ = failed.return_value


def test_a_sweeper_stops_when_its_launcher_was_interrupted(tmp_path, monkeypatch, capsys):
    ended = [task("finished", tmp_path / "a"), task("interrupted", tmp_path / "b")]
    monkeypatch.setattr(launch, "launch", lambda *_: ended)
    monkeypatch.setattr(plan, "plan", lambda *_: [])
    with pytest.raises(SystemExit) as stop:
        LocalLauncher().launch([["a=1"], ["a=2"]], 0)
    assert stop.value.code == 130
    assert capsys.readouterr().err == "ganvas: stopped; the same command continues\n"


def test_unfinished_runs_of_other_launchers_are_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(command, "hand_over", lambda words, jobs: 0)
    words = ["-m", "hydra/launcher=basic", *TINY, f"output={tmp_path}", "study=s", "seed=0,1"]
    assert command.run(words) == 1
    assert capsys.readouterr().err.count("not finished: ") == 2


def test_jobs_that_are_one_run_are_said_to_be(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(launch, "execute_all", lambda *_: None)
    jobs = [[*TINY, f"output={tmp_path}", word] for word in ("logger=none", "logger=csv", "seed=1")]
    for kept, said in ((jobs, True), (jobs[1:], False)):
        tasks = launch.launch(plan.plan(kept), Resolver(), LocalSettings())
        assert len(tasks) == len(kept)
        assert ("3 jobs are 2 runs" in capsys.readouterr().err) is said
