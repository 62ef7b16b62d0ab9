"""One side of a straight edge."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ganvas.mask.base import Canvas, Mask

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor


@dataclass(frozen=True)
class Half(Mask):
    """M = 1 on one side of a straight edge, as for a crossover of two faces.

    Attributes:
        angle: The side where M = 1, in degrees: 0 left, 90 upper, 180 right, 270 lower.
        offset: How far the edge lies beyond the centre, in widths of the image.
    """

    angle: float = 0.0
    offset: float = 0.0

    def draw(self, canvas: Canvas) -> Float[Tensor, "B 1 H W"]:
        """Return the half plane, (B, 1, H, W)."""
        from ganvas.functional.masks import grid

        x, y = grid(*canvas.size, canvas.device)
        turn = math.radians(self.angle)
        # How far a pixel lies towards the side that counts, from the centre of the image.
        depth = (0.5 - x) * math.cos(turn) + (0.5 - y) * math.sin(turn)
        return canvas.repeat((depth > -self.offset).float())
