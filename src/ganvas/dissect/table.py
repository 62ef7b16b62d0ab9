"""A dissection as plain values, for people and for the page."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from ganvas.dissect.dissection import Dissection
from ganvas.dissect.effect import Caused

if TYPE_CHECKING:
    from torch import Tensor

UNITS = 20
STYLES = 5


def table(dissection: Dissection, caused: Sequence[Caused]) -> dict[str, Any]:
    """Return the best units and styles of every concept, and the effects that were measured."""
    return {
        "generator_hash": dissection.generator_hash,
        "samples": dissection.samples,
        "layers": list(dissection.layers),
        "concepts": [_concept(dissection, row) for row in range(len(dissection.concepts))],
        "effects": [one.as_json() for one in caused],
    }


def _concept(dissection: Dissection, row: int) -> dict[str, Any]:
    return {
        "name": dissection.concepts[row],
        "share": round(float(dissection.share[row]), 6),
        "present": int(dissection.present[row]),
        "layers": {name: _units(dissection, row, name) for name in dissection.layers},
        "styles": {
            "correlation": _styles(dissection, dissection.styles[row]),
            "effect": _styles(dissection, dissection.style_effect[row]),
        },
    }


def _units(dissection: Dissection, row: int, layer: str) -> list[dict[str, Any]]:
    parts = dissection.layers[layer]
    score = parts.iou[row]
    order = score.argsort(descending=True, stable=True)[:UNITS]
    return [
        {
            "unit": unit,
            "iou": round(float(score[unit]), 4),
            "fresh_iou": round(float(parts.fresh[row, unit]), 4),
            "quality": round(float(parts.quality[row, unit]), 4),
            "threshold": round(float(parts.threshold[row, unit]), 4),
        }
        for unit in order.tolist()
        if score[unit] > 0
    ]


def _styles(dissection: Dissection, values: Tensor) -> list[dict[str, Any]]:
    """Return the styles of the largest values (S,), those that are not 0."""
    starts = [0, *accumulate(dissection.widths)]
    best = values.abs().argsort(descending=True, stable=True)[:STYLES].tolist()
    entries = []
    for index in best:
        affine = max(i for i, start in enumerate(starts[:-1]) if start <= index)
        if values[index] != 0:
            channel, value = index - starts[affine], round(float(values[index]), 4)
            entries.append({"affine": affine, "channel": channel, "value": value})
    return entries
