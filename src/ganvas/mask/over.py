"""A mask of any size, laid over the cut photographs."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from ganvas.errors import InputError
from ganvas.image.crop import LEAVES_SQUARES, Crop, cut_layer, is_over_whole, tell_square
from ganvas.image.decode import decode

if TYPE_CHECKING:
    from torch import Tensor

log = logging.getLogger(__name__)

ASPECT_TOLERANCE = 0.01
ROUNDING = 1e-5
"""How far rounding may take a resized mask from 1; levels of 16 bits are 1.5e-5 apart."""


def over(
    mask: Tensor, file: Path, size: tuple[int, int], photographs: Sequence[Path], crop: Crop
) -> Tensor:
    """Lay a mask (1, 1, h, w) over cut photographs: (1, 1, H, W), or (N, 1, H, W), one for each.

    A mask that is square or of the cut ones' size lies over them. One that has exactly the size of
    a whole photograph is cut as that is.

    Args:
        mask: In [0, 1].
        file: Its file, for messages.
        size: Height and width of the cut photographs.
        photographs: The files of those that it is for; none: only the cut ones are known.
        crop: How they are cut.

    Raises:
        AssetError: The face detector cannot be had.
        InputError: It has neither size.
    """
    import torch

    height, width = mask.shape[-2:]
    if not photographs or (height, width) == size:
        return fit(mask, size, file)
    if height == width:
        if crop not in LEAVES_SQUARES and decode(photographs[0]).size == (width, height):
            tell_square(file, photographs[0])
        return fit(mask, size, file)
    return torch.cat([_cut(mask, file, size, photograph, crop) for photograph in photographs])


def _cut(mask: Tensor, file: Path, size: tuple[int, int], below: Path, crop: Crop) -> Tensor:
    """Return a mask that is not square over one cut photograph: (1, 1, H, W)."""
    import numpy as np
    import torch

    photograph = decode(below)
    if not is_over_whole((mask.shape[-1], mask.shape[-2]), photograph.size):
        return fit(mask, size, file, f"{below}, {photograph.width}×{photograph.height}")
    log.debug("mask %s is cut as %s is", file, below)
    layer = Image.fromarray(mask[0, 0].numpy())
    square = np.array(cut_layer(layer, photograph, crop, below, size[1]))
    return resized(torch.from_numpy(square)[None, None], size)


def fit(mask: Tensor, size: tuple[int, int], file: Path, photograph: str = "") -> Tensor:
    """Resize a mask (1, 1, h, w) over a cut photograph to `size`, with a notice.

    Args:
        mask: In [0, 1].
        size: Height and width.
        file: The mask's file, for messages.
        photograph: Name and size of the photograph, whose size would fit as well, for messages.

    Raises:
        InputError: Its aspect differs by more than 1 %, so that it belongs to another picture.
    """
    height, width = mask.shape[-2:]
    if (height, width) == size:
        return mask
    if abs(width * size[0] / (height * size[1]) - 1) > ASPECT_TOLERANCE:
        fits = f"fits neither the photograph {photograph}, nor" if photograph else "does not fit"
        raise InputError(
            f"the mask {file} is {width}×{height}; it {fits} the cut photograph, "
            f"{size[1]}×{size[0]}, which runs keep as target.webp"
        )
    log.warning("mask %s is resized from %d×%d to %d×%d", file, width, height, size[1], size[0])
    return resized(mask, size)


def resized(mask: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize a mask (1, 1, h, w) to `size`; what is 1 stays exactly 1.

    An edit hides what lies under a mask that is 1, and under one that is nearly 1 it looks.
    """
    from ganvas.functional.images import resize

    found = resize(mask, size).clamp(0, 1)
    return found.masked_fill(found > 1 - ROUNDING, 1.0)
