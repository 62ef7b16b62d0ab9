"""A polygon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ganvas.errors import ConfigError
from ganvas.mask.base import Canvas, Mask

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Polygon(Mask):
    """M = 1 inside a polygon; where it crosses itself, the even-odd rule says what is inside.

    Attributes:
        points: [x, y] of each corner, in fractions of the image; the last is joined to the first.
    """

    points: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        if len(self.points) < 3:
            raise ConfigError("a polygon needs at least three points [x, y]")

    def draw(self, canvas: Canvas) -> Tensor:
        """Return the polygon, (B, 1, H, W); a pixel counts when its centre is inside."""
        from ganvas.functional.masks import grid, inside_polygon

        x, y = grid(*canvas.size, canvas.device)
        return canvas.repeat(inside_polygon(x, y, self.points).float())
