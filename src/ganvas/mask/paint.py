"""Brush strokes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ganvas.errors import ConfigError
from ganvas.mask.base import Canvas, Mask

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor


@dataclass(frozen=True)
class Stroke:
    """A line through points, drawn with a round brush.

    Attributes:
        points: [x, y] of each point, in fractions of the image; one point is a dot.
        width: Diameter of the brush, in widths of the image.
    """

    points: tuple[tuple[float, float], ...]
    width: Annotated[float, Field(gt=0)] = 0.05

    def __post_init__(self) -> None:
        if not self.points:
            raise ConfigError("a stroke needs at least one point [x, y]")


@dataclass(frozen=True)
class Paint(Mask):
    """M = 1 on brush strokes.

    Attributes:
        strokes: The strokes; where they overlap M stays 1.
    """

    strokes: tuple[Stroke, ...]

    def __post_init__(self) -> None:
        if not self.strokes:
            raise ConfigError("paint needs at least one stroke")

    def draw(self, canvas: Canvas) -> Float[Tensor, "B 1 H W"]:
        """Return the strokes, (B, 1, H, W); a pixel counts when its centre is under the brush."""
        import torch

        from ganvas.functional.masks import grid, segment_distance

        x, y = grid(*canvas.size, canvas.device)
        painted = torch.zeros_like(x)
        for stroke in self.strokes:
            segments = list(pairwise(stroke.points)) or [(stroke.points[0], stroke.points[0])]
            for start, end in segments:
                near = segment_distance(x, y, start, end) <= stroke.width / 2
                painted = torch.maximum(painted, near.float())
        return canvas.repeat(painted)
