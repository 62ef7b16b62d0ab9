"""How a photograph is cut to a square, and with it what was drawn over it."""

from __future__ import annotations

import logging
from functools import cache
from pathlib import Path
from typing import Literal

from PIL import Image

from ganvas.errors import InputError

log = logging.getLogger(__name__)

SMALLEST = 16
LEAVES_SQUARES = ("centre", "none")
"""Crops that leave all of a photograph that is square."""

Crop = Literal["centre", "none", "ffhq"] | tuple[int, int, int, int]


def cut(picture: Image.Image, crop: Crop, file: Path) -> Image.Image:
    """Cut a picture to a square.

    Raises:
        AssetError: The face detector cannot be had.
        InputError: The box leaves the picture, the result is not square or under 16 pixels, or
            there is no face.
    """
    if crop == "ffhq":
        from ganvas.image.align import find_square

        square = find_square(picture, str(file))
        return square.cut(picture, max(SMALLEST, min(1024, round(square.length))))
    return picture.crop(box_of(picture, crop, file))


def box_of(picture: Image.Image, crop: Crop, file: Path) -> tuple[int, int, int, int]:
    """Return the square box that a crop without a face takes: left, top, right, bottom.

    Raises:
        InputError: The box leaves the picture, is not square or under 16 pixels.
    """
    width, height = picture.size
    if crop == "centre":
        side = min(width, height)
        left, top = (width - side) // 2, (height - side) // 2
        box = (left, top, left + side, top + side)
    elif isinstance(crop, str):
        box = (0, 0, width, height)
    else:
        left, top, right, bottom = crop
        box = (left, top, right, bottom)
    if box[2] > width or box[3] > height:
        raise InputError(f"{file} is {width}×{height}; the crop box {list(box)} leaves it")
    if box[2] - box[0] != box[3] - box[1]:
        raise InputError(
            f"{file}: {box[2] - box[0]}×{box[3] - box[1]} is not square; "
            "use crop=centre or a square box"
        )
    if box[2] - box[0] < SMALLEST:
        short = f"{width} pixels wide" if width <= height else f"{height} pixels high"
        if not isinstance(crop, str):
            short = f"the crop box is {box[2] - box[0]} pixels wide"
        raise InputError(f"{file} ({width}×{height}): {short}; at least {SMALLEST} are needed")
    return box


def is_over_whole(size: tuple[int, int], photograph: tuple[int, int]) -> bool:
    """Return True where a picture of `size` was drawn over a whole photograph, not over its cut.

    What is square lies over the cut photograph, which is square, too.

    >>> is_over_whole((640, 480), (640, 480)), is_over_whole((480, 480), (480, 480))
    (True, False)
    """
    return size == photograph and size[0] != size[1]


@cache
def tell_square(file: Path, photograph: Path) -> None:
    """Say where a square picture lies that could be meant for a whole square photograph, too.

    Args:
        file: The picture that was drawn.
        photograph: The photograph of its size, of which the crop does not leave all.
    """
    # Once, although a run reads its files several times.
    log.warning(
        "%s is square and lies over the cut photograph (target.webp), although %s has its size, "
        "too", file, photograph,
    )  # fmt: skip


def cut_layer(
    layer: Image.Image, photograph: Image.Image, crop: Crop, file: Path, size: int
) -> Image.Image:
    """Cut what was drawn over a photograph exactly as the photograph is cut.

    Args:
        layer: RGBA, or float ("F"); of the photograph's size.
        photograph: The photograph.
        crop: How it is cut.
        file: Its file, for messages.
        size: Width of a face's square in pixels; a box keeps its own.

    Returns:
        A square of the layer's mode; 0 beyond the photograph.

    Raises:
        AssetError: The face detector cannot be had.
        InputError: As `cut`.
    """
    if crop == "ffhq":
        from ganvas.image.align import find_square

        return find_square(photograph, str(file)).cut_layer(layer, size)
    return layer.crop(box_of(photograph, crop, file))
