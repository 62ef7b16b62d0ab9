"""The result of a run, back in the photograph that its square was cut out of."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from ganvas.image.align import FaceSquare, find_square
from ganvas.image.crop import Crop, box_of
from ganvas.image.decode import decode
from ganvas.image.membrane import match_edge

FEATHER = 0.05
"""Width of the soft edge, as a fraction of the square's side."""


def pasted(file: Path, crop: Crop, result: Image.Image, feather: float = FEATHER) -> Image.Image:
    """Return the photograph with a result in the square that `crop` cuts out of it.

    Args:
        file: The photograph.
        crop: How the square was cut.
        result: The edited square, of any size.
        feather: Width of the soft edge, as a fraction of the square's side.

    Raises:
        AssetError: The face detector cannot be had.
        InputError: The photograph cannot be read, the box leaves it, or there is no face in it.
    """
    photograph = decode(file)
    return paste_matched(photograph, result, square_of(photograph, crop, file), feather)


def square_of(photograph: Image.Image, crop: Crop, file: Path) -> FaceSquare:
    """Return the square that `crop` cuts out of a photograph.

    Args:
        photograph: The photograph.
        crop: How the square is cut.
        file: The photograph's file, for messages.

    Raises:
        AssetError: The face detector cannot be had.
        InputError: The box leaves the photograph, or there is no face in it.
    """
    if crop == "ffhq":
        return find_square(photograph, str(file))
    left, top, right, _ = box_of(photograph, crop, file)
    return FaceSquare((float(left), float(top)), (float(right - left), 0.0))


def paste_matched(
    photograph: Image.Image, result: Image.Image, square: FaceSquare, feather: float = FEATHER
) -> Image.Image:
    """Return the photograph with a result in its square, matched along a soft edge.

    Args:
        photograph: The photograph that was cut.
        result: The edited square, of any size.
        square: Where it was cut.
        feather: Width of the soft edge, as a fraction of the square's side.
    """
    inset = max(1, round(feather * result.width))
    original = square.cut(photograph, result.width)
    return square.paste(photograph, match_edge(result, original, inset), feather)
