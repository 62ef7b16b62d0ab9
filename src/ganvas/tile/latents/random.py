"""A random latent for each tile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ganvas.tile.assignment import Assignment, from_bank
from ganvas.tile.latents.base import LatentSource, Psi, Say

if TYPE_CHECKING:
    from ganvas.generator.base import Generator
    from ganvas.tile.geometry import Geometry


@dataclass(frozen=True)
class Random(LatentSource):
    """Another member of the bank for each tile.

    Attributes:
        psi: Truncation ψ: how far the latents are from the mean.
    """

    psi: Psi = 0.7

    def assign(self, generator: Generator, geometry: Geometry, seed: int, say: Say) -> Assignment:
        """Number the tiles row by row."""
        import torch

        ids = torch.arange(geometry.rows * geometry.columns).view(geometry.rows, -1)
        return from_bank(ids, generator, self.psi)
