"""A picture says what the canvas looks like from afar."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Checked

from ganvas.assets.packaged import packaged
from ganvas.errors import ConfigError, InputError
from ganvas.image.decode import decode
from ganvas.tile.assignment import Assignment, from_bank
from ganvas.tile.latents.base import LatentSource, Psi, Say

if TYPE_CHECKING:
    from torch import Tensor

    from ganvas.generator.base import Generator
    from ganvas.tile.geometry import Geometry

THUMBNAIL = 16
"""Least height and width of a tile's thumbnail in pixels."""


@dataclass(frozen=True)
class Guided(LatentSource):
    """Each tile is one of the members of a bank that look most like its part of a picture.

    Among them the choice is that of the lowest energy of `functional.agreement`, which also counts
    how much neighbours differ where they overlap.

    Attributes:
        image: The picture; its middle is used, in the canvas's proportions.
        bank: How many members there are to choose from; their thumbnails are drawn once.
        candidates: Nearest members that a tile may take.
        agreement: λ, what disagreement of neighbours counts beside the likeness to the picture.
        sweeps: Most passes of swapping tiles for better candidates; 0 takes the nearest.
        psi: Truncation ψ of the bank.

    Raises:
        ConfigError: There are more candidates than members.
    """

    image: Path
    bank: Annotated[int, Checked(ge=1, le=1_000_000)] = 512
    candidates: Annotated[int, Checked(ge=1, le=4096)] = 16
    agreement: Annotated[float, Checked(ge=0)] = 0.5
    sweeps: Annotated[int, Checked(ge=0, le=1000)] = 10
    psi: Psi = 0.7

    def __post_init__(self) -> None:
        if self.candidates > self.bank:
            raise ConfigError(f"candidates={self.candidates}: the bank has {self.bank} members")

    def assign(self, generator: Generator, geometry: Geometry, seed: int, say: Say) -> Assignment:
        """Find the nearest members of each tile, and swap them until neighbours agree.

        Raises:
            InputError: The picture cannot be read, or has fewer pixels than the grid has tiles.
        """
        from ganvas.functional.agreement import distances, energy, refine
        from ganvas.tile.bank import thumbnails

        scale = max(THUMBNAIL // geometry.crop, 1)
        guides = guides_of(self.image, geometry, scale)
        tiles = thumbnails(generator, geometry, seed, self.psi, self.bank, scale, say)
        data = distances(tiles, guides.flatten(0, 1)).view(geometry.rows, geometry.columns, -1)
        candidates = data.topk(self.candidates, dim=2, largest=False).indices
        nearest, strip = candidates[..., 0], max(geometry.overlap * scale, 1)
        choice = refine(nearest, candidates, data, tiles, strip, self.agreement, self.sweeps)
        before, after = (
            energy(one, data, tiles, strip, self.agreement) for one in (nearest, choice)
        )
        swapped = int((nearest != choice).sum())
        say(f"{swapped} of {choice.numel()} tiles swapped: energy {before:.4g} → {after:.4g}")
        return from_bank(choice, generator, self.psi)


def guides_of(file: Path, geometry: Geometry, scale: int) -> Tensor:
    """Return each tile's part of the picture, (rows, columns, size, size, 3) in [−1, 1].

    Args:
        file: The picture; its middle is used, in the canvas's proportions.
        geometry: The grid.
        scale: Pixels for each sample of the joined layer.

    Raises:
        InputError: It cannot be read, or has fewer pixels than the grid has tiles.
    """
    import numpy as np
    import torch
    from PIL import Image, ImageOps

    picture = decode(packaged(file))
    if picture.width < geometry.columns or picture.height < geometry.rows:
        raise InputError(
            f"latents.image={file}: {picture.width}×{picture.height} pixels are too few for "
            f"{geometry.columns}×{geometry.rows} tiles"
        )
    height, width = (side * scale for side in geometry.size)
    fitted = ImageOps.fit(picture, (width, height), Image.Resampling.BOX)
    levels = torch.from_numpy(np.array(fitted)).float() / 127.5 - 1
    size, stride = geometry.crop * scale, geometry.stride * scale
    return levels.unfold(0, size, stride).unfold(1, size, stride).permute(0, 1, 3, 4, 2)
