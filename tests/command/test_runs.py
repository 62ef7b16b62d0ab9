"""`ganvas ls`, whatever a run's status says."""

from ganvas.cli import main
from ganvas.runner.directory import RunDirectory


def test_names_and_errors_are_shown_as_they_are(tmp_path, capsys):
    run = tmp_path / "study" / "a[bold]x-1"
    run.mkdir(parents=True)
    RunDirectory(run).write_status(state="failed", error="cannot read [/tmp/a.png]", seconds=None)
    assert main(["ls", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "a[bold]x-1" in shown
    assert "cannot read [/tmp/a.png]" in shown
