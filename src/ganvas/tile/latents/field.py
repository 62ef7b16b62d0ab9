"""A few latents, and all that lies between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Checked

from ganvas.tile.assignment import Assignment
from ganvas.tile.latents.base import LatentSource, Psi, Say

if TYPE_CHECKING:
    from torch import Tensor

    from ganvas.generator.base import Generator
    from ganvas.tile.geometry import Geometry


@dataclass(frozen=True)
class Field(LatentSource):
    """Bilinear interpolation in W between anchors, which lie evenly on the canvas.

    Attributes:
        anchors: Anchors along the longer side of the canvas; at least one along the other.
        psi: Truncation ψ of the anchors.
    """

    anchors: Annotated[int, Checked(ge=1, le=4096)] = 3
    psi: Psi = 0.7

    def assign(self, generator: Generator, geometry: Geometry, seed: int, say: Say) -> Assignment:
        """Mix each tile of the four anchors around it."""
        import torch

        longer = max(geometry.rows, geometry.columns)
        down, across = (
            max(round(self.anchors * n / longer), 1) for n in (geometry.rows, geometry.columns)
        )
        (top, y), (left, x) = _between(geometry.rows, down), _between(geometry.columns, across)
        ids, weights = [], []
        for i, v in ((0, 1 - y), (1, y)):
            for j, u in ((0, 1 - x), (1, x)):
                row, column = (top + i).clamp(max=down - 1), (left + j).clamp(max=across - 1)
                ids.append(row[:, None] * across + column)
                weights.append(v[:, None] * u)
        table = torch.empty(0, generator.rows, generator.w_dim)
        return Assignment(
            torch.stack(ids, dim=-1), torch.stack(weights, dim=-1).float(), table, self.psi
        )


def _between(tiles: int, anchors: int) -> tuple[Tensor, Tensor]:
    """Return the anchor before each tile, and the fraction of the way to the next."""
    import torch

    at = torch.linspace(0, anchors - 1, tiles, dtype=torch.float64)
    before = at.floor().long()
    return before, at - before
