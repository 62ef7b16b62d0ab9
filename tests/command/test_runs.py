"""`ganvas ls`, whatever a run's status says."""

import io
from pathlib import Path

import pytest

from ganvas.cli import main
from ganvas.command.runs import agreed
from ganvas.errors import InputError
from ganvas.runner.directory import RunDirectory
from ganvas.study.plan import plan


def test_names_and_errors_are_shown_as_they_are(tmp_path, capsys):
    run = tmp_path / "study" / "a[bold]x-1"
    run.mkdir(parents=True)
    RunDirectory(run).write_status(state="failed", error="cannot read [/tmp/a.png]", seconds=None)
    assert main(["ls", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "a[bold]x-1" in shown
    assert "cannot read [/tmp/a.png]" in shown


def test_it_says_how_many_runs_of_a_sweep_have_not_begun(tiny, tmp_path, capsys):
    words = [*tiny, f"output={tmp_path}", "study=s"]
    jobs = plan([(*words, f"seed={seed}") for seed in range(5)])
    for job in jobs[:2]:
        RunDirectory(Path(job.path)).path.mkdir(parents=True)
        RunDirectory(Path(job.path)).write_status(state="running", step=1, total_steps=10)
    assert main(["ls", str(tmp_path / "s")]) == 0
    assert "s: 3 planned runs have not begun" in capsys.readouterr().err
    (tmp_path / "s" / ".plan.json").write_text("{}")
    assert main(["ls", str(tmp_path / "s")]) == 0
    assert not capsys.readouterr().err


def test_a_run_that_was_refused_is_no_planned_one(ganvas_command, tiny, tiny_run):
    tiny_run("study=s")
    refused = ganvas_command("run", *tiny, "study=s", "edit=style_mix", "image=pair")
    assert (refused.code, "selects no style row to move" in refused.complaint) == (2, True)
    assert ganvas_command("ls", "s").err == ""


def test_where_nobody_answers_it_says_how_to_go_on(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(InputError, match="--yes goes ahead without asking"):
        agreed("start? [y/N] ")
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert agreed("start? [y/N] ")
