"""Pixels, blocks or stripes that are missing at random."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from ganvas.functional.seeds import seed_of
from ganvas.mask.base import Canvas, Mask

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor


@dataclass(frozen=True)
class Missing(Mask):
    """M = 1 where something is missing: each cell independently with the probability `rate`.

    The pattern comes from the run's seed and its own, and is the same for every image.

    Attributes:
        rate: Probability with which a cell is missing.
        shape: Cells are single "pixels", square "blocks", or full-width "stripes".
        size: Edge of a block or height of a stripe, in heights of the image.
        seed: Seed of the pattern; masks of one run with different seeds miss different cells.
    """

    rate: Annotated[float, Field(gt=0, lt=1)] = 0.5
    shape: Literal["pixels", "blocks", "stripes"] = "pixels"
    size: Annotated[float, Field(gt=0, le=1)] = 0.05
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0

    def draw(self, canvas: Canvas) -> Float[Tensor, "B 1 H W"]:
        """Return the missing cells, (B, 1, H, W) of zeros and ones."""
        import torch

        height, width = canvas.size
        edge = 1 if self.shape == "pixels" else max(1, round(self.size * height))
        rows = math.ceil(height / edge)
        columns = 1 if self.shape == "stripes" else math.ceil(width / edge)
        rng = torch.Generator().manual_seed(seed_of(self.seed, canvas.seed))
        cells = (torch.rand(rows, columns, generator=rng) < self.rate).float()
        across = width if self.shape == "stripes" else edge
        tall = cells.repeat_interleave(edge, 0)[:height]
        return canvas.repeat(tall.repeat_interleave(across, 1)[:, :width])
