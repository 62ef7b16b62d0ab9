"""A study as a table: mean and confidence interval per setting, tested against a base."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ganvas.analysis.ablation import FULL, read_members
from ganvas.analysis.axes import Axis, find_axes
from ganvas.analysis.compare import (
    Cell,
    Levels,
    about,
    by_image,
    cells,
    measured_alike,
    metric_names,
    on_shared,
    shared_images,
)
from ganvas.analysis.statistics import MeanCI, PairedTest, holm, mean_ci, paired_test, smallest_p
from ganvas.analysis.study import find_study, read_study
from ganvas.config.groups import default_choices
from ganvas.config.items import items
from ganvas.errors import ConfigError, InputError, nearest
from ganvas.runner.directory import RunDirectory

VARIANT = "variant"
SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Value:
    """One metric of one setting.

    Attributes:
        interval: Mean over images, seeds averaged within each, and its 95 % confidence interval.
        test: The paired test against the base, on the images that both have; None for the base.
        p: Its p value after Holm's correction over all settings of the table.
        best: Whether no other setting has a better mean, on the images that all settings have;
            False where no direction is stated, where they have none in common, and of what is
            significantly worse than the base on the images that these two have.
    """

    interval: MeanCI
    test: PairedTest | None = None
    p: float = math.nan
    best: bool = False


@dataclass(frozen=True)
class Row:
    """One setting.

    Attributes:
        levels: Its level on each axis of the table.
        runs: Number of finished runs.
        values: By metric.
    """

    levels: tuple[str, ...]
    runs: int
    values: dict[str, Value]


@dataclass(frozen=True)
class Table:
    """A study's settings side by side.

    Attributes:
        axes: Names of the axes, the heads of the first columns.
        metrics: Names of the metrics.
        rows: The settings, the base first.
        notes: What has to be known to read it.
    """

    axes: tuple[str, ...]
    metrics: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]


def tabulate(
    study: str | Path,
    by: Sequence[str] = (),
    metrics: Sequence[str] = (),
    base: str | None = None,
) -> Table:
    """Lay a study out as a table.

    Args:
        study: The study's folder, or its name below `outputs/`.
        by: Axes to group by; none: all that are part of a setting.
        metrics: Final metrics; none: all.
        base: The setting to compare with, such as ``mask=full,layers=all``; None: the full
            experiment of an ablation, else the setting with most groups at their defaults.

    Raises:
        InputError: There is no such study, or no finished run in it.
        ConfigError: An axis, metric or base that the study does not have.
    """
    everything = read_study(study)
    runs = [run for run in everything if run.finished]
    if not runs:
        raise InputError(f"no run of {study} has finished")
    members = read_members(find_study(study))
    if members:
        runs, axes = _variants(runs, members)
        base = base or f"{VARIANT}={FULL}"
    else:
        axes = find_axes(runs)
    chosen = _chosen(axes, by)
    known = metric_names(runs)
    for metric in metrics:
        if metric not in known:
            raise ConfigError(f"no metric '{metric}'{nearest(metric, known)}")
    table = _table(runs, axes, chosen, tuple(metrics or known), base)
    unfinished = len(everything) - sum(run.finished for run in everything)
    if unfinished:
        notes = (*table.notes, f"{unfinished} of {len(everything)} runs are not finished")
        table = replace(table, notes=notes)
    return table


def _variants(
    runs: Sequence[RunDirectory], members: Mapping[str, Sequence[str]]
) -> tuple[list[RunDirectory], list[Axis]]:
    """Return the runs once per variant that they belong to, with the variant as an axis."""
    by_name = {run.name: run for run in runs}
    variant_runs, level = [], []
    for index, names in enumerate(members.values()):
        for name in names:
            if name in by_name:
                variant_runs.append(by_name[name])
                level.append(index)
    axis = Axis(VARIANT, tuple(members), tuple(members), None, tuple(level))
    # What else differs is either what makes the variants or what repeats them.
    return variant_runs, [axis, *(a for a in find_axes(variant_runs) if a.is_unit)]


def _chosen(axes: Sequence[Axis], by: Sequence[str]) -> list[Axis]:
    if not by:
        return [axis for axis in axes if not axis.is_unit]
    known = {axis.name: axis for axis in axes}
    for name in by:
        if name not in known:
            raise ConfigError(f"the study does not vary '{name}'{nearest(name, known)}")
    return [known[name] for name in by]


def _table(
    runs: Sequence[RunDirectory],
    axes: Sequence[Axis],
    by: Sequence[Axis],
    metrics: tuple[str, ...],
    base: str | None,
) -> Table:
    count: dict[Levels, int] = {}
    for index in range(len(runs)):
        key = tuple(axis.of_run[index] for axis in by)
        count[key] = count.get(key, 0) + 1
    order = sorted(count)
    first = _base(by, order, base)
    order = [first, *(key for key in order if key != first)]
    groups = {metric: cells(runs, axes, metric, by) for metric in metrics}
    columns = {
        metric: _column(groups[metric], first, about(runs, metric).sign) for metric in metrics
    }
    rows = tuple(
        Row(
            tuple(axis.labels[level] for axis, level in zip(by, key, strict=True)),
            count[key],
            {metric: columns[metric][key] for metric in metrics if key in columns[metric]},
        )
        for key in order
    )
    notes = (*_notes(rows, by), *_unequal(groups), *_contradictions(rows))
    return Table(tuple(axis.name for axis in by), metrics, rows, notes)


def _base(by: Sequence[Axis], order: Sequence[Levels], base: str | None) -> Levels:
    if base is None:
        usual = default_choices()
        # The first of those with most groups at their defaults.
        return max(order, key=lambda levels: sum(
            usual.get(axis.name) == axis.levels[level]
            for axis, level in zip(by, levels, strict=True)
        ))  # fmt: skip
    wanted = dict(part.partition("=")[::2] for part in items(base))
    names = {axis.name for axis in by}
    for name in wanted:
        if name not in names:
            raise ConfigError(f"base: the table has no axis '{name}'{nearest(name, names)}")
    for key in order:
        names_of = {
            axis.name: {_bare(axis.levels[level]), _bare(axis.labels[level])}
            for axis, level in zip(by, key, strict=True)
        }
        if all(_bare(level) in names_of[name] for name, level in wanted.items()):
            return key
    raise ConfigError(f"base: no finished run of the study has {base}")


def _bare(level: str) -> str:
    """Leave the spaces out: a list may be written with or without."""
    return level.replace(" ", "")


def _column(
    groups: Mapping[Levels, Mapping[Cell, float]], base: Levels, sign: int
) -> dict[Levels, Value]:
    means = {key: mean_ci(list(by_image(row).values())) for key, row in groups.items()}
    tests: dict[Levels, PairedTest] = {}
    for key, row in groups.items():
        if key != base and base in groups:
            shared = row.keys() & groups[base].keys()
            if not shared:
                # The base has other levels on the rest of the axes: pair the images alone.
                mine, theirs = by_image(row), by_image(groups[base])
                names = sorted(mine.keys() & theirs.keys())
                pairs = [mine[n] for n in names], [theirs[n] for n in names]
            else:
                a, b = by_image(row, shared), by_image(groups[base], shared)
                pairs = list(a.values()), list(b.values())
            tests[key] = paired_test(*pairs)
    corrected = holm([test.p if test.n else math.nan for test in tests.values()])
    p = dict(zip(tests, corrected, strict=True))
    worse = {k for k, test in tests.items() if p[k] < SIGNIFICANT and sign * test.difference < 0}
    best = _best(groups, sign) - worse  # on the few images that all have, it may be ahead by chance
    return {
        key: Value(m, tests.get(key), p.get(key, math.nan), key in best) for key, m in means.items()
    }


def _best(groups: Mapping[Levels, Mapping[Cell, float]], sign: int) -> set[Levels]:
    """Return the groups of which none has a better mean, on the images that all have."""
    means = {key: sign * mean_ci(list(by_image(row).values())).mean
             for key, row in (on_shared(groups) if groups and sign else {}).items()}  # fmt: skip
    top = max((mean for mean in means.values() if not math.isnan(mean)), default=math.nan)
    return {key for key, mean in means.items() if mean == top}


def _unequal(columns: Mapping[str, Mapping[Levels, Mapping[Cell, float]]]) -> list[str]:
    """Say of which metrics the settings have different images, and on how many the best is told."""
    notes: dict[str, list[str]] = {}
    for metric, groups in columns.items():
        if not measured_alike(groups):
            count = len(shared_images(groups))
            told = f"the best is told on the {count} that all have" if count else "none in common"
            notes.setdefault(told, []).append(metric)
    return [f"{', '.join(names)}: the settings have different images, {told}"
            for told, names in notes.items()]  # fmt: skip


def _contradictions(rows: Sequence[Row]) -> list[str]:
    """Name the significant differences that go against the means, which are over other images."""
    notes = []
    for row in rows[1:]:
        for metric, value in row.values.items():
            base = rows[0].values.get(metric)
            if base and value.test and value.p < SIGNIFICANT:
                gap = value.interval.mean - base.interval.mean
                if gap * value.test.difference < 0:
                    notes.append(
                        f"{', '.join(row.levels)}: on the {value.test.n} images that it shares "
                        f"with the base, {metric} differs by {value.test.difference:+.3g}, "
                        "against the means"
                    )
    return notes


def _notes(rows: Sequence[Row], by: Sequence[Axis]) -> tuple[str, ...]:
    notes = ["mean ± half of the 95 % confidence interval over images; seeds are averaged first"]
    if not any(v.test for row in rows for v in row.values.values()):
        return (*notes, "one setting: nothing to compare")
    base = ", ".join(f"{a.name}={level}" for a, level in zip(by, rows[0].levels, strict=True))
    # What shares no image with the base is no comparison, and Holm's method does not count it.
    pairs: dict[str, list[int]] = {}
    for row in rows:
        for metric, value in row.values.items():
            if value.test and value.test.n:
                pairs.setdefault(metric, []).append(value.test.n)
    if not pairs:
        return (*notes, f"no setting has an image in common with {base}: nothing to compare")
    settings = max(map(len, pairs.values()))
    notes.append(f"* p < {SIGNIFICANT} against {base}: Wilcoxon signed-rank, paired by image, "
                 f"Holm-corrected over {settings} settings")  # fmt: skip
    images = min(map(min, pairs.values()))
    smallest = smallest_p(images) * settings
    if smallest > SIGNIFICANT:
        need = math.ceil(math.log2(2 * settings / SIGNIFICANT))
        notes.append(
            f"too few images: with {images}, no p under {min(1.0, smallest):.2g} is possible after "
            f"the correction; {need} are needed for {SIGNIFICANT}"
        )
    return tuple(notes)
