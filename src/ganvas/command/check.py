"""`ganvas check`: compare every file of every run with what the run has written."""

from __future__ import annotations

import argparse

from ganvas.command.runs import chosen
from ganvas.runner.damage import problems
from ganvas.runner.manifest import FILE


def check(options: argparse.Namespace) -> int:
    """Name each file that is missing, cut or changed; return 1 where there is one, else 0.

    Raises:
        InputError: There is no such folder, or it holds no runs.
    """
    runs = chosen(options.folder)
    damaged = 0
    for run in runs:
        lines = list(problems(run.path, thorough=True))
        damaged += bool(lines)
        for line in lines:
            print(line)
    if damaged:
        print(f"{damaged} of {len(runs)} runs are damaged; the same `ganvas run` repeats them")
        return 1
    unlisted = sum(run.finished and not (run.path / FILE).exists() for run in runs)
    print(f"{len(runs)} runs: every file is as it was written")
    if unlisted:
        print(f"{unlisted} of them, of an older version, list no files: their texts and embeddings "
              "can be read, pictures were not compared")  # fmt: skip
    return 0
