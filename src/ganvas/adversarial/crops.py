"""Random crops of pictures: what a generator of textures learns from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from ganvas.adversarial.symmetry import TURNS, Symmetry
from ganvas.functional.images import from_uint8, resize, to_uint8


class Crops:
    """Crops of a size at random positions, drawn on the device without waiting for it.

    Args:
        pictures: (3, H, W), uint8.
        size: Height and width of a crop in pixels.
        symmetry: Which images of a crop are as good as itself.
    """

    def __init__(self, pictures: Sequence[Tensor], size: int, symmetry: Symmetry) -> None:
        device = pictures[0].device
        self.size = size
        self._turns = TURNS[symmetry]
        # One run of pixels: where a picture begins, and how long its rows are.
        self._pixels = torch.cat([picture.flatten(1) for picture in pictures], dim=1)
        shapes = torch.tensor([picture.shape[1:] for picture in pictures], device=device)
        self._width = shapes[:, 1]
        self._free = shapes - size + 1
        counts = shapes.prod(1)
        self._begin = counts.cumsum(0) - counts
        self._share = self._free.prod(1).float()

    def draw(self, count: int, rng: torch.Generator) -> Tensor:
        """Return crops (count, 3, size, size) in [−1, 1]; every position is equally likely."""
        device = self._pixels.device
        picture = torch.multinomial(self._share, count, replacement=True, generator=rng)
        place = torch.rand(count, 2, generator=rng, device=device) * self._free[picture]
        top, left = place.long().unbind(1)
        steps = torch.arange(self.size, device=device)
        rows, columns = steps[None, :, None], steps[None, None, :]
        chance = torch.rand(3, count, 1, 1, generator=rng, device=device) < 0.5
        if self._turns[2]:
            rows, columns = (
                torch.where(chance[2], columns, rows),
                torch.where(chance[2], rows, columns),
            )
        if self._turns[0]:
            columns = torch.where(chance[0], self.size - 1 - columns, columns)
        if self._turns[1]:
            rows = torch.where(chance[1], self.size - 1 - rows, rows)
        start = self._begin[picture] + top * self._width[picture] + left
        index = start[:, None, None] + rows * self._width[picture][:, None, None] + columns
        return from_uint8(self._pixels[:, index].transpose(0, 1))


def at_scales(picture: Tensor, scales: Iterable[float], least: int) -> list[Tensor]:
    """Return a picture (3, H, W), uint8, at several scales; those below `least` are left out."""
    sizes = [[round(scale * side) for side in picture.shape[1:]] for scale in scales]
    return [
        to_uint8(resize(from_uint8(picture)[None], (height, width)))[0]
        for height, width in sizes
        if min(height, width) >= least
    ]
