"""An axis-parallel box."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ganvas.errors import ConfigError
from ganvas.mask.base import Canvas, Mask

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor


@dataclass(frozen=True)
class Box(Mask):
    """M = 1 inside a box given in fractions of the image.

    Attributes:
        left: Left edge, 0 to 1 of the width.
        top: Upper edge, 0 to 1 of the height.
        right: Right edge, 0 to 1 of the width.
        bottom: Lower edge, 0 to 1 of the height.
    """

    left: float = 0.25
    top: float = 0.25
    right: float = 0.75
    bottom: float = 0.75

    def __post_init__(self) -> None:
        if not (0 <= self.left < self.right <= 1 and 0 <= self.top < self.bottom <= 1):
            raise ConfigError("a box needs 0 ≤ left < right ≤ 1 and 0 ≤ top < bottom ≤ 1")

    def draw(self, canvas: Canvas) -> Float[Tensor, "B 1 H W"]:
        """Return the box, (B, 1, H, W); edges are rounded to whole pixels."""
        import torch

        height, width = canvas.size
        mask = torch.zeros(canvas.batch, 1, height, width, device=canvas.images["x"].device)
        rows = slice(round(self.top * height), round(self.bottom * height))
        columns = slice(round(self.left * width), round(self.right * width))
        mask[:, :, rows, columns] = 1
        return mask
