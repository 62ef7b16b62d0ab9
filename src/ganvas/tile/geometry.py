"""Where the tiles lie: on the layer at which they are joined, and in the picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ganvas.errors import ConfigError

if TYPE_CHECKING:
    from torch import Tensor

    from ganvas.generator.base import Generator


@dataclass(frozen=True)
class Geometry:
    """A grid of tiles that are joined at one layer.

    Attributes:
        layer: Name of the layer at which the tiles' activations are joined.
        rows: Rows of the grid.
        columns: Columns of the grid.
        crop: Samples of a tile that are used, per side.
        top: First row of the tile's activation that is used.
        left: First column of it.
        overlap: Samples in which neighbouring crops blend into each other.
        blend: Length of the ramp between the styles of neighbouring tiles, as a fraction of the
            distance between them.
    """

    layer: str
    rows: int
    columns: int
    crop: int
    top: int
    left: int
    overlap: int
    blend: float

    @property
    def stride(self) -> int:
        """Samples from one tile to the next."""
        return self.crop - self.overlap

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the joined activation."""
        return tuple(n * self.stride + self.overlap for n in (self.rows, self.columns))  # type: ignore[return-value]

    @cached_property
    def joints(self) -> tuple[Tensor, Tensor]:
        """Where rows and where columns of tiles meet, in samples of the layer."""
        from ganvas.functional.tiling import joints

        return (
            joints(self.rows, self.stride, self.overlap),
            joints(self.columns, self.stride, self.overlap),
        )

    def pixels(self, generator: Generator) -> tuple[int, int]:
        """Return height and width of the picture."""
        layer = generator.layers[generator.layer_index(self.layer)]
        factor = generator.resolution // layer.resolution
        return self.size[0] * factor, self.size[1] * factor


def geometry(
    generator: Generator,
    layer: int | str,
    grid: tuple[int, int],
    crop: int | None = None,
    middle: tuple[float, float] = (0.5, 0.5),
    overlap: int | None = None,
    blend: float = 1.0,
) -> Geometry:
    """Return the geometry that fits a generator.

    Args:
        generator: What draws.
        layer: A layer by name, or by resolution: the last one there.
        grid: Rows and columns of tiles.
        crop: Samples of a tile that are used; None: half of the activation, and at least 4.
        middle: Where the middle of the crop lies, from left and from top, each from 0 to 1; a crop
            that would leave the activation is moved.
        overlap: Samples that blend; None: a quarter of the crop.
        blend: See `Geometry`.

    Raises:
        ConfigError: The family cannot be tiled, there is no such layer, nothing comes behind it, or
            crop and overlap do not fit it.
    """
    name = generator.find_layer(layer)
    index = generator.layer_index(name)
    for behind in range(index + 1, len(generator.layers) + 1):
        generator.reach(behind)
    if index == len(generator.layers) - 1:
        raise ConfigError(f"layer={name} is the last one: behind it nothing would hide a joint")
    side = generator.layers[index].resolution
    crop = max(side // 2, 4) if crop is None else crop
    overlap = crop // 4 // 2 * 2 if overlap is None else overlap
    if not 2 <= crop <= side or crop % 2:
        raise ConfigError(f"crop={crop}: of {side} samples of {name} an even number")
    if overlap % 2 or not 0 <= overlap <= crop // 2:
        raise ConfigError(f"overlap={overlap}: an even number up to half of the crop, {crop}")
    left, top = (_first(at, crop, side) for at in middle)
    return Geometry(name, *grid, crop, top, left, overlap, blend)


def _first(middle: float, crop: int, side: int) -> int:
    """Return the first sample of a crop; even, because a skip generator's RGB has half the size."""
    return min(max(round(middle * side - crop / 2), 0), side - crop) // 2 * 2
