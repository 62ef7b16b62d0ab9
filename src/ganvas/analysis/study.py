"""A study as tidy rows, for pandas and whatever else takes a list of dictionaries."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ganvas.analysis.axes import Axis, find_axes
from ganvas.errors import InputError, nearest
from ganvas.runner.damage import holds_run
from ganvas.runner.directory import RunDirectory, find_runs
from ganvas.tracking.sink import rows_per_image

Row = dict[str, Any]
log = logging.getLogger("ganvas")


@dataclass(frozen=True)
class Study:
    """The runs of a study, read from their folders.

    Attributes:
        path: The study's folder.
    """

    path: Path

    @cached_property
    def runs(self) -> list[RunDirectory]:
        """The runs in the order of their names."""
        return read_study(self.path)

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
            for recorded in run.curve
            for row in rows_per_image(recorded, run.images)
        ]

    def _described(self) -> Iterator[tuple[RunDirectory, Row]]:
        axes = find_axes(self.runs)
        for index, run in enumerate(self.runs):
            levels: Row = {"run": run.name}
            for axis in axes:
                levels[axis.name] = _values(axis)[axis.of_run[index]]
            yield run, levels


def _values(axis: Axis) -> Sequence[str | float]:
    """Return an axis's levels as numbers where they are, and as whole numbers where they are."""
    if axis.numbers and all(number.is_integer() for number in axis.numbers):
        return [int(number) for number in axis.numbers]
    return axis.numbers or axis.levels


def find_study(study: str | Path) -> Path:
    """Return the folder of `study`: a path, or a name below `outputs/`.

    A name that stands for both is the one of the study in `outputs/`, if it holds runs; ``./NAME``
    is always the path.

    Raises:
        InputError: There is no such folder.
    """
    named, path = Path("outputs") / study, Path(study)
    if len(Path(study).parts) == 1 and os.sep not in str(study) and find_runs(named):
        return named
    for folder in (path, named):
        if folder.is_dir():
            return folder
    outputs = Path("outputs")
    known = [p.name for p in outputs.iterdir() if p.is_dir()] if outputs.is_dir() else []
    raise InputError(f"no study or folder '{study}'{nearest(str(study), known)}")


def read_study(study: str | Path) -> list[RunDirectory]:
    """Return the runs of `study` whose records are whole, in the order of their names.

    The others are left out, with a warning for each: ganvas's log says in one line what is wrong.

    Args:
        study: The study's folder, or its name below `outputs/`.

    Raises:
        InputError: The folder does not exist, or holds no runs, or none that is whole.
    """
    folder = find_study(study)
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if entry.is_dir())
    runs = [RunDirectory(folder / name) for name in names if holds_run(folder / name)]
    if not runs:
        raise InputError(f"no runs in {folder}: expected folders that hold a status.json")
    whole = []
    for run in runs:
        if damage := run.damage:
            log.warning("%s: the run is left out", damage)
        else:
            whole.append(run)
    if not whole:
        raise InputError(f"all runs in {folder} are damaged: the same command repeats them")
    return whole


def load_study(study: str | Path) -> Study:
    """Open a study.

    Args:
        study: Its folder, or its name below `outputs/`.

    Raises:
        InputError: There is no such folder, or it holds no runs.
    """
    opened = Study(find_study(study))
    read_study(opened.path)
    return opened
