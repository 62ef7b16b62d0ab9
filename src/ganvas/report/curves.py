"""The curves of a study, thinned so that a page of hundreds of runs stays small."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ganvas.runner.directory import RunDirectory
from ganvas.system.reading import number

_NOT_METRICS = {"step", "stage", "stage_step", "seconds", "images"}
_NUMBERS = 1_500_000
_MOST_POINTS = 240


def short(value: float | None) -> float | None:
    """Round to five significant digits, which is more than a screen shows.

    >>> short(31.415926)
    31.416
    """
    return None if value is None or not math.isfinite(value) else float(f"{value:.5g}")


def read_curves(runs: Sequence[RunDirectory]) -> list[dict[str, Any]]:
    """Return per run ``steps``, ``seconds``, ``stages`` and per metric means and variances.

    Mean and variance are over the run's images; of long curves evenly spaced points are kept.
    """
    curves = []
    limit = _MOST_POINTS
    for run in runs:
        rows = [row for row in run.curve if isinstance(row.get("step"), int)]
        # Every stage has loss terms of its own.
        columns = dict.fromkeys(name for row in rows for name in row)
        names = [name for name in columns if name not in _NOT_METRICS]
        limit = max(24, min(_MOST_POINTS, _NUMBERS // (2 * len(runs) * max(1, len(names)))))
        curves.append(_curve(_thin(rows, limit), names, _stages(rows)))
    return curves


def _curve(rows: list[dict[str, Any]], names: list[str], stages: list[Any]) -> dict[str, Any]:
    pairs = {name: [_moments(row.get(name)) for row in rows] for name in names}
    return {
        "steps": [row["step"] for row in rows],
        "seconds": [short(number(row.get("seconds"))) for row in rows],
        "stages": stages,
        "mean": {name: [mean for mean, _ in values] for name, values in pairs.items()},
        "variance": {name: [spread for _, spread in values] for name, values in pairs.items()},
    }


def _moments(values: Any) -> tuple[float | None, float | None]:
    numbers = [number(value) for value in (values if isinstance(values, list) else [values])]
    finite = [value for value in numbers if value is not None]
    if not finite:
        return None, None
    mean = sum(finite) / len(finite)
    return short(mean), short(sum((value - mean) ** 2 for value in finite) / len(finite))


def _thin(rows: list[dict[str, Any]], limit: int) -> list[dict[str, Any]]:
    if len(rows) <= limit:
        return rows
    return [rows[round(k * (len(rows) - 1) / (limit - 1))] for k in range(limit)]


def _stages(rows: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """The stages in their order, with the last step that was recorded of each."""
    last: dict[str, int] = {}
    for row in rows:
        last[str(row.get("stage", ""))] = row["step"]
    return list(last.items())
