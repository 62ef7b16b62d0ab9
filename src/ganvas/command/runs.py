"""`ganvas ls` and `ganvas clean`: the runs on disk."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ganvas.analysis.study import find_study
from ganvas.runner.directory import RunDirectory, find_runs
from ganvas.runner.sharing import share_pictures, size_on_disk, tidy_pool

OF_A_STUDY = (".plan.json", "multirun.yaml")
"""What a sweep writes beside its runs, and what is of no use without them."""


def ls(options: argparse.Namespace) -> int:
    """List runs with state, step and size; return 0."""
    table = Table(box=None, pad_edge=False)
    for title in ("run", "state", "step", "seconds", "MiB", "note"):
        table.add_column(title, justify="right" if title in ("step", "seconds", "MiB") else "left")
    for run in in_state(chosen(options.folder), options.state):
        status, damage = run.status, run.damage.removeprefix(f"{run.path}/")
        table.add_row(
            Text(str(run.path)),
            run.state,
            f"{status.get('step', 0)}/{status.get('total_steps', '?')}",
            f"{status.get('seconds') or 0:.0f}",
            f"{run.size() / 2**20:.1f}",
            Text(damage or str(status.get("error") or "")),
        )
    Console(highlight=False, width=None if sys.stdout.isatty() else 240).print(table)
    return 0


def clean(options: argparse.Namespace) -> int:
    """Delete runs, or their checkpoints, after asking; runs at work are left; return 0.

    With `--pictures` nothing that cannot be computed is deleted, so nothing is asked.
    """
    named = in_state(chosen(options.folder), options.state)
    runs = [run for run in named if not run.is_locked()]
    if options.pictures:
        return share(runs)
    if options.checkpoints:
        runs = [run for run in runs if run.checkpoint_file.is_file()]
    contents = "checkpoints of " if options.checkpoints else ""
    if not runs:
        print(f"nothing to delete below {options.folder}")
        return 0
    total = sum(r.checkpoint_file.stat().st_size if options.checkpoints else r.size() for r in runs)
    for run in runs:
        print(f"{run.path}  {run.state}")
    question = f"delete {contents}{len(runs)} runs, {total / 2**20:.1f} MiB? [y/N] "
    if not (options.yes or agreed(question)):
        return 0
    for run in runs:
        if options.checkpoints:
            run.checkpoint_file.unlink()
        else:
            run.remove()
    for study in {run.path.parent for run in runs}:
        tidy(study)
    print(f"deleted {contents}{len(runs)} runs, {total / 2**20:.1f} MiB")
    return 0


def share(runs: Sequence[RunDirectory]) -> int:
    """Store equal pictures of the runs once, say what that has saved, and return 0."""
    studies = {run.path.parent for run in runs}
    before = sum(map(size_on_disk, studies))
    for run in runs:
        share_pictures(run.path)
    saved = before - sum(map(size_on_disk, studies))
    print(f"stored equal pictures of {len(runs)} runs once: {saved / 2**20:.1f} MiB less")
    return 0


def tidy(study: Path) -> None:
    """Remove what a study without runs still holds of its sweep, and its folder if that is all."""
    tidy_pool(study)
    if find_runs(study):
        return
    for name in OF_A_STUDY:
        (study / name).unlink(missing_ok=True)
    if not any(study.iterdir()):
        study.rmdir()


def agreed(question: str) -> bool:
    """Ask, and return True for y; where nobody can answer, say how to go on, and return False."""
    try:
        return input(question).strip().lower() == "y"
    except EOFError:
        print("\nnobody answers here: --yes goes ahead without asking", file=sys.stderr)
        return False


def chosen(folder: str) -> list[RunDirectory]:
    """Return the runs of a folder of studies, a study (its folder or its name) or a run.

    Raises:
        InputError: There is no such folder.
    """
    return find_runs(find_study(folder))


def in_state(runs: Sequence[RunDirectory], states: Sequence[str] | None) -> list[RunDirectory]:
    """Return the runs that are in one of the states; None: all of them."""
    return [run for run in runs if not states or run.state in states]
