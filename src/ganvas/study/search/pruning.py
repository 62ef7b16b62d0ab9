"""Stopping hopeless trials by their curves while they run.

The search follows `metrics.jsonl` of its runs and asks one to stop by a file in its folder. So the
runs know nothing of Optuna, and it works with every launcher that shares a disk with the search.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import fmean

from optuna.trial import Trial

from ganvas.errors import DamagedError
from ganvas.runner.directory import RunDirectory
from ganvas.system.reading import parse_rows, read_file

LOOK_EVERY = 0.2
"""Seconds between two looks at the curves."""


class Curve:
    """The rows that a run has added to its curve since the last look.

    Args:
        file: The run's `metrics.jsonl`.
        column: The metric; a row holds a value per image, None where it is not finite.
    """

    def __init__(self, file: Path, column: str) -> None:
        self.file, self.column = file, column
        self.step = -1

    def fresh(self) -> Iterator[tuple[int, float]]:
        """Iterate over (step, mean over images) of steps that were not seen before."""
        try:
            rows = parse_rows(read_file(self.file), self.file)
        except DamagedError:
            return
        for row in rows:
            if row["step"] <= self.step:
                continue
            self.step = row["step"]
            values = [v for v in row.get(self.column) or [] if v is not None]
            yield self.step, fmean(values) if values else math.nan


class Pruning:
    """A context in which runs are stopped when Optuna's pruner says so.

    Args:
        trials: Trial and folder of each run.
        column: The column of the curve.
        every: Steps between two reports.

    Attributes:
        pruned: The numbers of the trials that were asked to stop.
    """

    def __init__(
        self, trials: Mapping[int, tuple[Trial, RunDirectory]], column: str, every: int
    ) -> None:
        self.curves = {
            number: (trial, folder, Curve(folder.path / "metrics.jsonl", column))
            for number, (trial, folder) in trials.items()
        }
        self.every = every
        self.pruned: set[int] = set()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Pruning:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._end.set()
        self._thread.join()
        # What is too late to stop a run still tells the pruner about later ones.
        self.look()

    def look(self) -> None:
        """Report what is new, and ask runs to stop."""
        for number, (trial, folder, curve) in self.curves.items():
            for step, value in curve.fresh():
                if step % self.every or math.isnan(value) or number in self.pruned:
                    continue
                trial.report(value, step)
                if trial.should_prune():
                    self.pruned.add(number)
                    folder.ask_to_stop(f"pruned at step {step}")

    def _watch(self) -> None:
        while not self._end.wait(LOOK_EVERY):
            self.look()
