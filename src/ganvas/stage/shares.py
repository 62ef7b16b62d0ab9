"""What of a stage's state belongs to some of its images, and states side by side.

Everything in it that has dimensions has the images first, but for the state of torch's random
numbers; Adam's counters of steps are without.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

SHARED = ("step", "random")
"""What all images have in common."""


def share_of(state: dict[str, Any], images: slice) -> dict[str, Any]:
    """Return the state of some images of a stage, as a stage of these alone would have it."""
    # A copy: a slice would be saved with all of the tensor that it is of.
    return state | {
        key: _each([value], lambda tensors: tensors[0][images].clone())
        for key, value in state.items()
        if key not in SHARED
    }


def joined(states: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the state of a stage of all images, of states at the same step."""
    first = states[0]
    return first | {
        key: _each([state[key] for state in states], torch.cat)
        for key in first
        if key not in SHARED
    }


def _each(values: list[Any], change: Any) -> Any:
    """Change every tensor that has dimensions, in values of the same structure."""
    first = values[0]
    if isinstance(first, Tensor):
        return change(values) if first.ndim else first
    if isinstance(first, dict):
        return {key: _each([value[key] for value in values], change) for key in first}
    if isinstance(first, list):
        return [_each(list(items), change) for items in zip(*values, strict=True)]
    return first
