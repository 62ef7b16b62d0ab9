"""What the page says about a study: ranking, importance of the axes, matrices of comparisons."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ganvas.analysis.axes import Axis
from ganvas.analysis.compare import (
    Comparison,
    Levels,
    about,
    by_image,
    cells,
    compare,
    importance,
    measured_alike,
    on_shared,
    setting_levels,
    shared_images,
)
from ganvas.analysis.statistics import holm, mean_ci, paired_test
from ganvas.report.curves import short
from ganvas.report.more_images import commands, images_missing
from ganvas.runner.directory import RunDirectory

_MOST_IN_MATRIX = 24
_MOST_LEVELS = 16
_LEAST_FREEDOM = 8


def analyse(
    runs: Sequence[RunDirectory], axes: Sequence[Axis], metrics: Sequence[str], study: str
) -> dict[str, Any]:
    """Return the settings, and per metric their ranking, the axes' importance and the matrices.

    Settings that were measured on different images are ranked on those that all have, so that means
    and paired differences agree; their number is under `shared`, which else is None. Where it is 0,
    the means are of each setting's own images.

    With them, per metric, how many images are `missing` before the best can be told from the
    others, and the commands that add `more`.
    """
    inner = [axis for axis in axes if not axis.is_unit]
    settings = sorted({setting_levels(axes, index) for index in range(len(runs))})
    position = {levels: index for index, levels in enumerate(settings)}
    report: dict[str, Any] = {
        "settings": [list(levels) for levels in settings],
        "settingOfRun": [position[setting_levels(axes, index)] for index in range(len(runs))],
        "ranking": {},
        "shared": {},
        "missing": {},
        "more": {},
        "importance": {},
        "matrices": {},
    }
    for metric in metrics:
        groups = cells(runs, axes, metric, inner)
        if not groups:
            continue
        ranked = on_shared(groups) or groups
        alike = measured_alike(groups)
        report["shared"][metric] = None if alike else len(shared_images(groups))
        means = {levels: _mean(row) for levels, row in ranked.items()}
        higher = about(runs, metric).direction == "higher"
        order = sorted(means, key=lambda levels: means[levels], reverse=higher)
        ranking = report["ranking"][metric] = _ranking(ranked, order, position)
        pairs = ranking[1]["pairs"] if len(ranking) > 1 else 0
        report["missing"][metric] = missing = images_missing(pairs, len(ranking) - 1)
        if missing:
            repeated = order[:2] if _gaps(order) else order
            report["more"][metric] = commands(runs, axes, study, repeated)
        report["importance"][metric] = _importance(runs, axes, metric)
        report["matrices"][metric] = _matrices(runs, axes, metric, groups, order, position)
    return report


def _gaps(settings: Sequence[Levels]) -> bool:
    """Whether the settings are less than all combinations of their levels."""
    return math.prod(len(set(column)) for column in zip(*settings, strict=True)) > len(settings)


def _importance(
    runs: Sequence[RunDirectory], axes: Sequence[Axis], metric: str
) -> dict[str, float | None]:
    """ω² of the axes whose levels have enough repetitions to estimate it at all."""
    known = [index for index, run in enumerate(runs) if run.per_image(metric)]
    freedom = {
        axis.name: len(known) - len({axis.of_run[index] for index in known}) for axis in axes
    }
    shares = importance(runs, axes, metric).items()
    return {name: short(share) for name, share in shares if freedom[name] >= _LEAST_FREEDOM}


def _mean(row: dict[Any, float]) -> float:
    values = by_image(row).values()
    return sum(values) / len(values)


def _ranking(
    groups: dict[Levels, dict[Any, float]], order: list[Levels], position: dict[Levels, int]
) -> list[dict[str, Any]]:
    """Rows, best first: mean with interval, and the paired difference from the best."""
    best = by_image(groups[order[0]])
    rows, p_values = [], []
    for levels in order:
        values = by_image(groups[levels])
        shared = sorted(values.keys() & best.keys())
        test = paired_test([values[i] for i in shared], [best[i] for i in shared])
        interval = mean_ci(list(values.values()))
        # Without a common image there is nothing to correct for.
        p_values.append(test.p if levels != order[0] and test.n else float("nan"))
        numbers = {"mean": interval.mean, "low": interval.low, "high": interval.high}
        numbers |= {"difference": test.difference, "from": test.low, "to": test.high, "p": test.p}
        rows.append(
            {"setting": position[levels], "n": interval.n, "pairs": test.n}
            | {key: short(value) for key, value in numbers.items()}
        )
    for row, corrected in zip(rows, holm(p_values), strict=True):
        row["holm"] = short(corrected)
    return rows


def _matrices(
    runs: Sequence[RunDirectory],
    axes: Sequence[Axis],
    metric: str,
    groups: dict[Levels, dict[Any, float]],
    order: list[Levels],
    position: dict[Levels, int],
) -> dict[str, Any]:
    """One matrix over the best settings (under the key ""), one over each axis' levels."""
    kept = order[:_MOST_IN_MATRIX]
    matrices = {
        "": {
            "of": [position[levels] for levels in kept],
            "left": len(order) - len(kept),
            **_compared({levels: groups[levels] for levels in kept}),
        }
    }
    for axis in axes:
        if axis.is_unit or len(axis.levels) > _MOST_LEVELS:
            continue
        by_level = dict(sorted(cells(runs, axes, metric, [axis]).items()))
        matrices[axis.name] = {
            "of": [key[0] for key in by_level],
            "left": 0,
            **_compared(by_level),
        }
    return matrices


def _compared(groups: Mapping[Levels, dict[Any, float]]) -> dict[str, Any]:
    """The matrix' cells, and how many images are missing before one of them can be decided."""
    comparisons = compare(groups)
    pairs = max((item.test.n for item in comparisons), default=0)
    return {
        "cells": _cells(comparisons, list(groups)),
        "missing": images_missing(pairs, len(comparisons)),
    }


def _cells(comparisons: list[Comparison], keys: list[Levels]) -> list[list[float | None]]:
    position = {levels: index for index, levels in enumerate(keys)}
    return [
        [
            position[item.first],
            position[item.second],
            item.test.n,
            *map(short, (item.test.difference, item.test.low, item.test.high)),
            *map(short, (item.test.p, item.p)),
        ]
        for item in comparisons
    ]
