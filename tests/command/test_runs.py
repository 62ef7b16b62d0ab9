"""`ganvas ls`, whatever a run's status says."""

import io

from ganvas.cli import main
from ganvas.command.runs import agreed
from ganvas.runner.directory import RunDirectory


def test_names_and_errors_are_shown_as_they_are(tmp_path, capsys):
    run = tmp_path / "study" / "a[bold]x-1"
    run.mkdir(parents=True)
    RunDirectory(run).write_status(state="failed", error="cannot read [/tmp/a.png]", seconds=None)
    assert main(["ls", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "a[bold]x-1" in shown
    assert "cannot read [/tmp/a.png]" in shown


def test_where_nobody_answers_it_says_how_to_go_on(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert not agreed("start? [y/N] ")
    assert "--yes goes ahead without asking" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert agreed("start? [y/N] ")
