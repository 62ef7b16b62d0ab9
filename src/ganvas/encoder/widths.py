"""How large the network of a trained encoder is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

if TYPE_CHECKING:
    from ganvas.generator.base import Generator

GROUPS = 8
"""Channels are normalised in so many groups, so their number is a multiple of it."""

Channels = Annotated[int, Field(ge=GROUPS, le=2048, multiple_of=GROUPS)]


@dataclass(frozen=True)
class Widths:
    """Widths of the network, and which rows share a head.

    Attributes:
        first: Channels at the finest map; they double with each halving.
        width: Most channels.
        hidden: Length of each head's vector, from which the rows are read.
        heads: The greatest resolution of each head's layers but the last head's, ascending: of
            [16, 64] the first head is for layers up to 16², the second up to 64², the third for
            all others and for the output.
        linear: For each map the squares each way that the linear part averages it over, 0: not
            seen; empty: there is no linear part.
    """

    first: Channels = 64
    width: Channels = 256
    hidden: Annotated[int, Field(ge=8, le=4096)] = 192
    heads: tuple[int, ...] = (16, 64)
    linear: tuple[Annotated[int, Field(ge=0, le=64)], ...] = ()

    def groups(self, generator: Generator) -> tuple[int, ...]:
        """Return the index of the head for each row that has an effect."""
        finest = dict.fromkeys(generator.effective_rows, generator.resolution)
        for layer in generator.layers:
            if layer.row in finest:
                finest[layer.row] = layer.resolution
        groups = [sum(side > limit for limit in self.heads) for side in finest.values()]
        # A head that no layer belongs to is left out.
        used = sorted(set(groups))
        return tuple(used.index(group) for group in groups)
