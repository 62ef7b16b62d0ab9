"""The mask that is one everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ganvas.mask.base import Canvas, Mask

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor


@dataclass(frozen=True)
class Full(Mask):
    """M = 1 everywhere: the whole image counts."""

    def draw(self, canvas: Canvas) -> Float[Tensor, "B 1 H W"]:
        """Return ones, (B, 1, H, W)."""
        import torch

        return torch.ones(canvas.batch, 1, *canvas.size, device=canvas.images["x"].device)
