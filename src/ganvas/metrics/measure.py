"""Measure what a stage or a run has made."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import fmean
from typing import TYPE_CHECKING

from ganvas.errors import ConfigError, shape_of
from ganvas.metrics.context import Context
from ganvas.metrics.metric import Metric

if TYPE_CHECKING:
    import torch

Metrics = Mapping[str, Metric]
"""The metrics of a configuration by name, in its order."""

Values = dict[str, dict[str, float]]
"""Per image name, the value of each metric; a value that is not finite is left out."""


def load(metrics: Metrics, device: torch.device) -> None:
    """Load all networks that the metrics need.

    Raises:
        AssetError: The weights of one cannot be had.
    """
    for metric in metrics.values():
        metric.load(device)


def measure(metrics: Metrics, context: Context) -> Values:
    """Measure every metric that the context allows, image by image.

    Raises:
        ConfigError: A metric gives something other than one number per image.
    """
    values: Values = {name: {} for name in context.names}
    for key, metric in metrics.items():
        column = metric.measure(context)
        if column is None:
            continue
        if getattr(column, "shape", None) != (len(context.names),):
            raise ConfigError(
                f"metrics.{key}: {type(metric).__name__}.measure gives {shape_of(column)}, not "
                f"one number for each of {len(context.names)} images"
            )
        for row, value in zip(values.values(), column.tolist(), strict=True):
            if math.isfinite(value):
                row[key] = float(f"{value:.7g}")
    return values


def describe(metrics: Metrics, resolution: int) -> dict[str, dict[str, str]]:
    """Return text, unit and direction of each metric, as `metrics.json` keeps them."""
    return {
        name: {"text": m.about(resolution), "unit": m.unit, "direction": m.direction}
        for name, m in metrics.items()
    }


def mean(values: Values) -> dict[str, float]:
    """Return the mean of each metric over the images that have a value."""
    names = dict.fromkeys(name for row in values.values() for name in row)
    return {name: fmean(row[name] for row in values.values() if name in row) for name in names}
