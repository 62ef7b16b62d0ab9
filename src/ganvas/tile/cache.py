"""What is made for a tile, kept as long as there is memory for it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

Made = TypeVar("Made")


class TileCache(Generic[Made]):
    """Makes something for a tile and keeps it; what was not asked for longest goes first.

    Args:
        make: Makes it for a tile, given by row and column.
        size: Returns its bytes.
        most: Bytes that are kept, besides what was made last.
    """

    def __init__(
        self,
        make: Callable[[tuple[int, int]], Made],
        size: Callable[[Made], int],
        most: int,
    ) -> None:
        self._make, self._size, self._most = make, size, most
        self._made: OrderedDict[tuple[int, int], Made] = OrderedDict()
        self._bytes = 0

    def __call__(self, tile: tuple[int, int]) -> Made:
        """Return what is kept for the tile, or make it."""
        if tile in self._made:
            self._made.move_to_end(tile)
            return self._made[tile]
        made = self._made[tile] = self._make(tile)
        self._bytes += self._size(made)
        while self._bytes > self._most and len(self._made) > 1:
            self._bytes -= self._size(self._made.popitem(last=False)[1])
        return made
