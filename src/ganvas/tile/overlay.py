"""A tile that has another latent in a part of it: what `ganvas tile edit --mask` leaves.

The mask is finer than a tile. It blends the tile's activations at the joint, and behind the joint
the tile's share of the styles, at every position of every layer:

    style(x) = Σ_t W_t(x) · s_t(x),        s_t(x) = s + m(x) · (s' − s)

with the weights W of the canvas, and s' of the other latent. Where m is 0 nothing changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ganvas.tile.geometry import Geometry

if TYPE_CHECKING:
    from torch import Tensor

FINENESS = 4
"""Samples of a mask for each sample of the joined layer, per side."""


@dataclass(frozen=True)
class Overlay:
    """Another latent in a part of a tile.

    Attributes:
        tile: Row and column.
        ids: (M,) int64, what the latent is mixed of, as in an `Assignment`.
        weights: (M,), what each of them counts.
        mask: (S, S), uint8, over the zone in which the tile counts anything.
    """

    tile: tuple[int, int]
    ids: Tensor
    weights: Tensor
    mask: Tensor


def zone(geometry: Geometry, number: int) -> tuple[int, int]:
    """Return first and last sample of the rows (or columns) in which a tile counts anything.

    Its style reaches into its neighbours by a ramp, which is at most as long as from tile to tile.
    The zone may lie outside of the canvas in part.
    """
    first = (number - 1) * geometry.stride
    return first, first + geometry.crop + 2 * geometry.stride


def mask_side(geometry: Geometry) -> int:
    """Return height and width of a mask in its own samples."""
    first, last = zone(geometry, 0)
    return (last - first) * FINENESS


def read_mask(file: Path, geometry: Geometry, tile: tuple[int, int]) -> Tensor:
    """Read the part of a mask of the whole canvas that lies in a tile's zone, (S, S), uint8.

    Args:
        file: A picture, stretched over the canvas; where it is white, or opaque if any of it is
            transparent, the tile gets its other latent.
        geometry: The grid.
        tile: Row and column.

    Raises:
        InputError: The picture cannot be read, or is no mask.
    """
    import numpy as np
    import torch
    from PIL import Image

    from ganvas.mask import file as mask_file

    levels = mask_file.read_mask(file, "auto")[0, 0]
    picture = Image.fromarray((255 * levels).round().byte().numpy())
    height, width = geometry.size
    (top, bottom), (left, right) = (zone(geometry, number) for number in tile)
    y0, y1, x0, x1 = max(top, 0), min(bottom, height), max(left, 0), min(right, width)
    down, across = picture.height / height, picture.width / width
    size = (x1 - x0) * FINENESS, (y1 - y0) * FINENESS
    box = x0 * across, y0 * down, x1 * across, y1 * down
    part = picture.resize(size, Image.Resampling.BILINEAR, box=box)
    # Outside of the canvas it goes on as at its edge: samples there count for the last pixels.
    beyond = ((y0 - top, bottom - y1), (x0 - left, right - x1))
    widths = [(FINENESS * before, FINENESS * after) for before, after in beyond]
    return torch.from_numpy(np.pad(np.asarray(part), widths, mode="edge"))


def within(mask: Tensor, lowest: Overlay, upper: Sequence[Overlay]) -> list[Overlay]:
    """Return overlays that show, where `mask` is, `lowest` everywhere with `upper` over it.

    A layer of masks m₁ … mₙ counts c_k = m_k · Π_{j>k} (1 − m_j), and is to count m · c_k. So its
    mask becomes m · c_k / (1 − Σ_{j>k} m · c_j).

    Args:
        mask: (S, S), uint8.
        lowest: The layer below; its own mask is not looked at.
        upper: The layers over it, later ones on top.
    """
    import torch

    over, seen, taken = [], mask.double() / 255, torch.zeros_like(mask, dtype=torch.float64)
    for layer in reversed(upper):
        own = layer.mask.double() / 255
        count = seen * own
        over.append(replace(layer, mask=_share(count, taken, own)))
        seen, taken = seen - count, taken + count
    everywhere = torch.ones_like(taken)
    return [replace(lowest, mask=_share(seen, taken, everywhere)), *reversed(over)]


def _share(count: Tensor, taken: Tensor, own: Tensor) -> Tensor:
    """Return what a layer takes of what those above it leave, as a mask."""
    left = 1 - taken
    # Where they leave nothing, `own` goes on, for a mask is interpolated between its samples.
    share = own.where(left < 1e-9, count / left.clamp_min(1e-9))
    return (255 * share).round().clamp_max(255).byte()


def mask_over(overlay: Overlay, geometry: Geometry, rows: Tensor, columns: Tensor) -> Tensor:
    """Return the mask at positions of the canvas: (H, W) in [0, 1], bilinear, 0 outside its zone.

    Args:
        overlay: Tile and mask.
        geometry: The grid.
        rows: (H,) positions in samples of the joined layer, in double precision.
        columns: (W,), likewise.
    """
    import torch

    steps = torch.arange(overlay.mask.shape[0], dtype=torch.float64)

    def hats(positions: Tensor, number: int) -> Tensor:
        place = (positions - zone(geometry, number)[0]) * FINENESS - 0.5
        return (1 - (place[:, None] - steps).abs()).clamp_min(0)

    down, across = hats(rows, overlay.tile[0]), hats(columns, overlay.tile[1])
    return (down @ (overlay.mask.double() / 255) @ across.T).float()
