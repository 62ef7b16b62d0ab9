"""`ganvas ls` and `ganvas clean`: the runs on disk."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from ganvas.analysis.study import find_study
from ganvas.errors import InputError, StorageError
from ganvas.runner.directory import RunDirectory, find_runs
from ganvas.runner.sharing import share_pictures, size_on_disk, tidy_pool
from ganvas.study.plan import not_there

OF_A_STUDY = (".plan.json", "multirun.yaml")
"""What a sweep writes beside its runs, and what is of no use without them."""


def ls(options: argparse.Namespace) -> int:
    """List runs with state, step and size, and say how many are still to come; return 0."""
    rows = [("run", "state", "step", "seconds", "MiB", "note")]
    runs = chosen(options.folder)
    for run in runs:
        standing = run.standing
        status = standing.status
        if options.state and standing.state not in options.state:
            continue
        note = standing.damage.removeprefix(f"{run.path}/") or str(status.get("error") or "")
        rows.append((
            str(run.path),
            standing.state,
            f"{status.get('step', 0)}/{status.get('total_steps', '?')}",
            f"{status.get('seconds') or 0:.0f}",
            f"{run.size() / 2**20:.1f}",
            " ".join(note.split()),
        ))  # fmt: skip
    title, *lines = aligned(rows, right=(2, 3, 4))
    Console(highlight=False, soft_wrap=True).print(Text(title, style="bold"))
    print("\n".join(lines))
    for study in sorted({run.path.parent for run in runs}):
        if absent := len(not_there(study)):
            print(
                f"{study}: {absent} planned runs have not begun, or were deleted", file=sys.stderr
            )
    return 0


def aligned(rows: Sequence[Sequence[str]], right: Collection[int]) -> list[str]:
    """Return a line per row, in columns two spaces apart.

    rich's tables do this as well, but take a minute of computing for a hundred thousand cells.

    Args:
        rows: Cells, as many in each row.
        right: The columns that are aligned on their right.
    """
    sizes = [[cell_len(cell) for cell in row] for row in rows]
    widths = [max(column) for column in zip(*sizes, strict=True)]
    lines = []
    for row, cells in zip(rows, sizes, strict=True):
        padded = [
            " " * (width - size) + cell if index in right else cell + " " * (width - size)
            for index, (cell, size, width) in enumerate(zip(row, cells, widths, strict=True))
        ]
        lines.append("  ".join(padded).rstrip())
    return lines


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
    sizes = {
        run: run.checkpoint_file.stat().st_size if options.checkpoints else run.size()
        for run in runs
    }
    for run in runs:
        print(f"{run.path}  {run.state}")
    question = f"delete {contents}{len(runs)} runs, {sum(sizes.values()) / 2**20:.1f} MiB? [y/N] "
    if not (options.yes or agreed(question)):
        return 0
    runs = [run for run in runs if delete(run, checkpoint=options.checkpoints)]
    for study in {run.path.parent for run in runs}:
        tidy(study)
    total = sum(sizes[run] for run in runs)
    print(f"deleted {contents}{len(runs)} runs, {total / 2**20:.1f} MiB")
    return 0


def delete(run: RunDirectory, *, checkpoint: bool) -> bool:
    """Delete a run or its checkpoint; return False, and say it, where it is at work by now."""
    try:
        with run.locked():
            if checkpoint:
                run.checkpoint_file.unlink(missing_ok=True)
            else:
                run.remove()
    except StorageError as error:
        print(f"left: {error}", file=sys.stderr)
        return False
    return True


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
    """Ask, and return True for y.

    Raises:
        InputError: Nobody can answer: a script must not take that for done.
    """
    try:
        return input(question).strip().lower() == "y"
    except EOFError:
        print()
        raise InputError("nobody answers here: --yes goes ahead without asking") from None


def chosen(folder: str) -> list[RunDirectory]:
    """Return the runs of a folder of studies, a study (its folder or its name) or a run.

    Raises:
        InputError: There is no such folder.
    """
    return find_runs(find_study(folder))


def in_state(runs: Sequence[RunDirectory], states: Sequence[str] | None) -> list[RunDirectory]:
    """Return the runs that are in one of the states; None: all of them."""
    return [run for run in runs if not states or run.state in states]
