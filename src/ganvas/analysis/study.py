"""A study as tidy rows, for pandas and whatever else takes a list of dictionaries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ganvas.analysis.axes import Axis, find_axes
from ganvas.analysis.records import Run, find_study, read_study
from ganvas.runner.result import Result
from ganvas.tracking.sink import rows_per_image

Row = dict[str, Any]


@dataclass(frozen=True)
class Study:
    """The runs of a study, read from their folders.

    Attributes:
        path: The study's folder.
    """

    path: Path

    @property
    def runs(self) -> list[Result]:
        """The runs in the order of their names."""
        return [Result(run.path) for run in self._records]

    @property
    def final(self) -> list[Row]:
        """One row per finished run and image: `run`, a column per axis, `image`, final metrics."""
        return [
            {**about, "image": image, **values}
            for run, about in self._described()
            for image, values in (run.metrics.get("images") or {}).items()
        ]

    @property
    def curves(self) -> list[Row]:
        """One row per run, recorded step and image: `run`, axes, and the row of the curve."""
        return [
            {**about, **row}
            for run, about in self._described()
            for recorded in run.curve()
            for row in rows_per_image(recorded, run.images)
        ]

    @cached_property
    def _records(self) -> list[Run]:
        return read_study(self.path)

    def _described(self) -> Iterator[tuple[Run, Row]]:
        axes = find_axes(self._records)
        for index, run in enumerate(self._records):
            levels: Row = {"run": run.name}
            for axis in axes:
                levels[axis.name] = _values(axis)[axis.of_run[index]]
            yield run, levels


def _values(axis: Axis) -> Sequence[str | float]:
    """Return an axis's levels as numbers where they are, and as whole numbers where they are."""
    if axis.numbers and all(number.is_integer() for number in axis.numbers):
        return [int(number) for number in axis.numbers]
    return axis.numbers or axis.levels


def load_study(study: str | Path) -> Study:
    """Open a study.

    Args:
        study: Its folder, or its name below `outputs/`.

    Raises:
        InputError: There is no such folder, or it holds no runs.
    """
    found = Study(find_study(study))
    read_study(found.path)
    return found
