"""The mask that is one everywhere."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ganvas.mask.base import Canvas, Mask


@dataclass(frozen=True)
class Full(Mask):
    """M = 1 everywhere: the whole image counts."""

    def draw(self, canvas: Canvas) -> Tensor:
        """Return ones, (B, 1, H, W)."""
        return torch.ones(canvas.batch, 1, *canvas.size, device=canvas.images["x"].device)
