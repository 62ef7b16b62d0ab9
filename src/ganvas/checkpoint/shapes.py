"""Reading an architecture off the shapes of a file's arrays."""

from __future__ import annotations

import math
import re

from ganvas.checkpoint.stored import Stored
from ganvas.errors import CheckpointError


def blocks(state: dict[str, Stored]) -> list[int]:
    """Return the resolutions 4, 8, … that the keys name; they must follow each other."""
    named = {int(m[1]) for key in state if (m := re.match(r"synthesis\.b(\d{1,5})\.", key))}
    resolutions = sorted(named)
    if not resolutions or resolutions != [4 << index for index in range(len(resolutions))]:
        raise CheckpointError(f"the generator's blocks are {resolutions}, not 4, 8, 16, …")
    return resolutions


def mapping_widths(state: dict[str, Stored], pattern: str, first: int = 0) -> tuple[int, ...]:
    """Return the widths of the mapping network from its input to w.

    Args:
        state: The arrays by name.
        pattern: The name of a layer's weight (outputs, inputs), with {} for its number.
        first: The number of the first layer.
    """
    widths: list[int] = []
    while (key := pattern.format(first + max(len(widths) - 1, 0))) in state:
        outputs, inputs = shape(state, key, 2)
        widths += [outputs] if widths else [inputs, outputs]
    if not widths:
        raise CheckpointError("the mapping network is missing")
    return tuple(widths)


def shape(state: dict[str, Stored], key: str, dimensions: int) -> tuple[int, ...]:
    """Return the shape of an array that has to be there with so many dimensions."""
    if key not in state:
        raise CheckpointError(f"'{key}' is missing")
    sizes = state[key].shape
    if len(sizes) != dimensions or math.prod(sizes) == 0:
        raise CheckpointError(f"'{key}' has the shape {sizes}")
    return sizes
