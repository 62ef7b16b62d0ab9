"""Settings of a study against each other: paired by photograph, with seeds averaged within it."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np

from ganvas.analysis.axes import Axis
from ganvas.analysis.photographs import photograph
from ganvas.analysis.statistics import PairedTest, holm, omega_squared, paired_test
from ganvas.runner.directory import RunDirectory

TIME = "seconds"
"""The name under which a run's time stands among its metrics."""

Direction = Literal["higher", "lower", "none"]
"""Which values of a metric are better."""

_UNITS = ("dB", "s", "%")
"""Units that the texts of older records begin with."""

_MOST_BINS = 8

_ROUNDING = 1e-12
"""Relative to the values; records have seven digits of them."""

Levels = tuple[int, ...]
Key = TypeVar("Key")
Cell = tuple[Levels, str]  # the other axes' levels, and the photograph


@dataclass(frozen=True)
class About:
    """What a metric is.

    Attributes:
        text: Range, resolution and network.
        unit: Unit of its values; empty for a pure number.
        direction: Which values are better.
    """

    text: str = ""
    unit: str = ""
    direction: Direction = "none"

    @property
    def sign(self) -> int:
        """1 where higher values are better, −1 where lower ones are, 0 where none is."""
        return {"higher": 1, "lower": -1, "none": 0}[self.direction]

    def __str__(self) -> str:
        """Everything in one line."""
        better = f"{self.direction} is better" if self.sign else ""
        text = ", ".join(part for part in (self.unit, self.text) if part)
        return "; ".join(part for part in (text, better) if part)


@dataclass(frozen=True)
class Comparison:
    """One pair of a matrix of comparisons.

    Attributes:
        first: Key of the group that is compared.
        second: Key of the group that it is compared with.
        test: The paired test of ``first − second``.
        p: The test's p value after Holm's correction over all pairs of the matrix.
    """

    first: Levels
    second: Levels
    test: PairedTest
    p: float


def about(runs: Iterable[RunDirectory], metric: str) -> About:
    """Return what the first record that has `metric` says about it.

    Older records have one text per metric, in which the direction may stand; where none is stated,
    no value is better than another.
    """
    if metric == TIME:
        return About("the whole run", "s", "lower")
    for run in runs:
        stated = (run.metrics.get("about") or {}).get(metric)
        if isinstance(stated, Mapping):
            words = {key: str(stated[key]) for key in ("text", "unit") if key in stated}
            return About(**words, direction=_direction(stated.get("direction")))
        if stated is not None:
            text = str(stated)
            word = next((w for w in ("higher", "lower") if f"{w} is better" in text), "none")
            text = text.partition(f"; {word} is")[0]
            unit, _, rest = text.partition(", ")
            if unit in _UNITS:
                return About(rest, unit, _direction(word))
            return About(text, direction=_direction(word))
    return About()


def _direction(word: object) -> Direction:
    return "higher" if word == "higher" else "lower" if word == "lower" else "none"


def metric_names(runs: Iterable[RunDirectory]) -> list[str]:
    """Return the names of all final metrics, in the order in which the records have them."""
    names = dict.fromkeys(name for run in runs for name in run.metrics.get("final") or {})
    return list(names)


def unit_values(
    run: RunDirectory, index: int, metric: str, axes: Sequence[Axis]
) -> dict[str, float]:
    """Return the final values of `metric` per photograph; several solutions of it are averaged."""
    values_of: dict[str, list[float]] = defaultdict(list)
    for image, value in run.per_image(metric).items():
        values_of[photograph(run, index, image, axes)].append(value)
    return _means(values_of)


def setting_levels(axes: Sequence[Axis], index: int) -> Levels:
    """Return run `index`'s level on each axis that is part of a setting."""
    return tuple(axis.of_run[index] for axis in axes if not axis.is_unit)


def cells(
    runs: Sequence[RunDirectory], axes: Sequence[Axis], metric: str, by: Sequence[Axis]
) -> dict[Levels, dict[Cell, float]]:
    """Return the values of `metric` by group, rest of the setting and image; seeds are averaged.

    Args:
        runs: The study's runs.
        axes: All axes of the study.
        metric: Name of a final metric.
        by: The axes whose levels make a group.
    """
    rest = [axis for axis in axes if axis not in by and not axis.is_unit]
    by_group: dict[Levels, dict[Cell, list[float]]] = defaultdict(lambda: defaultdict(list))
    for index, run in enumerate(runs):
        group = tuple(axis.of_run[index] for axis in by)
        context = tuple(axis.of_run[index] for axis in rest)
        for unit, value in unit_values(run, index, metric, axes).items():
            by_group[group][context, unit].append(value)
    return {group: _means(row) for group, row in by_group.items()}


def by_image(row: Mapping[Cell, float], only: Iterable[Cell] | None = None) -> dict[str, float]:
    """Average the cells of one group within each image."""
    values_of: dict[str, list[float]] = defaultdict(list)
    for cell in row if only is None else only:
        values_of[cell[1]].append(row[cell])
    return dict(sorted(_means(values_of).items()))


def on_shared(groups: Mapping[Levels, Mapping[Cell, float]]) -> dict[Levels, dict[Cell, float]]:
    """Return the groups on what all of them have, so that their means can be ranked.

    That is the same images in the same rest of the setting, or else the same images; {} where the
    groups have no image in common.
    """
    shared = _common(row.keys() for row in groups.values())
    if shared:
        return {k: {c: v for c, v in row.items() if c in shared} for k, row in groups.items()}
    images = shared_images(groups)
    if not images:
        return {}
    return {k: {c: v for c, v in row.items() if c[1] in images} for k, row in groups.items()}


def shared_images(groups: Mapping[Levels, Mapping[Cell, float]]) -> set[str]:
    """Return the images that every group has."""
    return _common({cell[1] for cell in row} for row in groups.values())


def measured_alike(groups: Mapping[Levels, Mapping[Cell, float]]) -> bool:
    """Whether every group has the same images."""
    return len({frozenset(cell[1] for cell in row) for row in groups.values()}) <= 1


def _common(sets: Iterable[Iterable[Key]]) -> set[Key]:
    first, *others = map(set, sets)
    return first.intersection(*others)


def compare(groups: Mapping[Levels, Mapping[Cell, float]]) -> list[Comparison]:
    """Test every pair of groups on what both have: same image, same rest of the setting."""
    pairs = list(itertools.combinations(groups, 2))
    tests = []
    for first, second in pairs:
        shared = groups[first].keys() & groups[second].keys()
        a, b = by_image(groups[first], shared), by_image(groups[second], shared)
        tests.append(paired_test(list(a.values()), list(b.values())))
    corrected = holm([test.p if test.n else float("nan") for test in tests])
    return [
        Comparison(first, second, test, p)
        for (first, second), test, p in zip(pairs, tests, corrected, strict=True)
    ]


def importance(runs: Sequence[RunDirectory], axes: Sequence[Axis], metric: str) -> dict[str, float]:
    """Return for each axis the share ω² of the variance between runs that it explains alone.

    Each image's mean over the study is taken off first, so that an easy image counts for nothing.
    A numeric axis with many values is cut into at most eight groups of equal size.
    """
    rows = [unit_values(run, index, metric, axes) for index, run in enumerate(runs)]
    sums: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        for image, value in row.items():
            sums[image].append(value)
    means = _means(sums)
    values = [
        float(np.mean([value - means[image] for image, value in row.items()])) if row else np.nan
        for row in rows
    ]
    # What rounding leaves of equal values is no variance that an axis could explain.
    rounding = _ROUNDING * max((abs(mean) for mean in means.values()), default=0.0)
    values = [0.0 if abs(value) <= rounding else value for value in values]
    return {axis.name: omega_squared(values, _bins(axis)) for axis in axes if not axis.is_image}


def _means(values_of: Mapping[Key, Sequence[float]]) -> dict[Key, float]:
    return {key: sum(values) / len(values) for key, values in values_of.items()}


def _bins(axis: Axis) -> list[int]:
    if axis.numbers is None or len(axis.levels) <= _MOST_BINS:
        return list(axis.of_run)
    values = np.asarray([axis.numbers[level] for level in axis.of_run])
    edges = np.quantile(values, np.linspace(0, 1, _MOST_BINS + 1)[1:-1])
    return [int(index) for index in np.searchsorted(edges, values, side="right")]
