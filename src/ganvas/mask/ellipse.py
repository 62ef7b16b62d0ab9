"""An ellipse."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ganvas.mask.base import Canvas, Mask

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

Radius = Annotated[float, Field(gt=0)]


@dataclass(frozen=True)
class Ellipse(Mask):
    """M = 1 inside an ellipse given in fractions of the image.

    Attributes:
        x: Centre, 0 to 1 of the width.
        y: Centre, 0 to 1 of the height.
        width: Half axis along x before the rotation, in widths of the image.
        height: Half axis along y before the rotation, in heights of the image.
        angle: Rotation in degrees, clockwise.
    """

    x: float = 0.5
    y: float = 0.5
    width: Radius = 0.25
    height: Radius = 0.35
    angle: float = 0.0

    def draw(self, canvas: Canvas) -> Float[Tensor, "B 1 H W"]:
        """Return the ellipse, (B, 1, H, W); a pixel counts when its centre is inside."""
        from ganvas.functional.masks import grid

        x, y = grid(*canvas.size, canvas.device)
        turn = math.radians(self.angle)
        dx, dy = x - self.x, y - self.y
        along = (dx * math.cos(turn) + dy * math.sin(turn)) / self.width
        across = (dy * math.cos(turn) - dx * math.sin(turn)) / self.height
        return canvas.repeat((along.square() + across.square() <= 1).float())
