"""`ganvas paste`: put the result of a run back into its photograph."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from PIL import Image

from ganvas.errors import InputError, nearest
from ganvas.image.align import FaceSquare, find_square
from ganvas.image.decode import decode
from ganvas.image.membrane import match_edge
from ganvas.image.picture import require_format, save_picture
from ganvas.runner.directory import load


def paste(options: argparse.Namespace) -> int:
    """Paste the result of `options.run` into `options.photograph`; return 0.

    Raises:
        InputError: The run is not finished, or is not of this photograph.
    """
    output, file = Path(options.output), Path(options.photograph)
    require_format(output)
    run = load(options.run)
    if run.status.get("state") != "finished":
        raise InputError(f"{options.run} is not finished; the command that made it continues it")
    name = image_of(list(run.status["images"]), file)
    photograph = decode(file)
    square = square_of(photograph, run.config["image"]["x"]["crop"], file)
    result = run.image("result", name).convert("RGB")
    save_picture(paste_matched(photograph, result, square, options.feather), output)
    print(output)
    return 0


def image_of(names: list[str], photograph: Path) -> str:
    """Return which image of a run a photograph is: the only one, or the one of its name.

    Raises:
        InputError: The run has several, none of that name.
    """
    if len(names) == 1:
        return names[0]
    for name in (photograph.stem, photograph.name):
        if name in names:
            return name
    raise InputError(f"the run has no image '{photograph.stem}'{nearest(photograph.stem, names)}")


def square_of(photograph: Image.Image, crop: Any, file: Path) -> FaceSquare:
    """Return the square that a run has cut out of a photograph.

    Args:
        photograph: The photograph.
        crop: The run's image.x.crop.
        file: The photograph's file, for messages.

    Raises:
        InputError: The box leaves the photograph, or there is no face in it.
    """
    width, height = photograph.size
    if crop == "ffhq":
        return find_square(photograph, str(file))
    side = min(width, height)
    box = crop if isinstance(crop, list | tuple) else None
    left, top, right, bottom = box or (
        (width - side) // 2, (height - side) // 2, (width + side) // 2, (height + side) // 2
    )  # fmt: skip
    if right > width or bottom > height:
        raise InputError(f"{file} is {width}×{height}; the run's crop box {box} leaves it")
    return FaceSquare((float(left), float(top)), (float(right - left), 0.0))


def paste_matched(
    photograph: Image.Image, result: Image.Image, square: FaceSquare, feather: float
) -> Image.Image:
    """Return the photograph with a result in its square, matched along a soft edge.

    Args:
        photograph: The photograph that was cut.
        result: The edited crop.
        square: Where it was cut.
        feather: Width of the soft edge, as a fraction of the square's side.
    """
    inset = max(1, round(feather * result.width))
    original = square.cut(photograph, result.width)
    return square.paste(photograph, match_edge(result, original, inset), feather)
