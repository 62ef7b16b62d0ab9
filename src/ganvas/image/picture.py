"""Pictures out: 8-bit files, difference maps, animations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from ganvas.errors import InputError
from ganvas.image.decode import WRITABLE
from ganvas.system.files import replacing

if TYPE_CHECKING:
    from jaxtyping import UInt8
    from torch import Tensor


def to_picture(image: Tensor) -> Image.Image:
    """Turn one image (3, H, W), float in [−1, 1] or uint8, into an 8-bit picture."""
    import torch

    from ganvas.functional.images import to_uint8

    if image.dtype != torch.uint8:
        image = to_uint8(image)
    return Image.fromarray(image.permute(1, 2, 0).cpu().contiguous().numpy())


def require_format(path: Path) -> None:
    """Raise InputError where `path` does not name a kind of picture that can be written."""
    if path.suffix.lower() not in WRITABLE:
        raise InputError(f"{path}: the name of a picture ends in {', '.join(WRITABLE)}")


def save_picture(
    picture: Image.Image, path: Path, lossless: bool = False, quality: int = 85
) -> None:
    """Write a picture atomically; PNG is exact, JPEG almost, WebP is for looking at.

    Args:
        picture: 8 bit per channel.
        path: Its suffix says the format.
        lossless: Write an exact WebP, which is a third smaller than the same PNG.
        quality: Of a WebP that is not exact, up to 100.
    """
    options: dict[str, Any] = {}
    if path.suffix == ".webp":
        options = {"quality": quality, "method": 2}
    if path.suffix.lower() in (".jpg", ".jpeg"):
        # Colour at full resolution: what is smeared there is the edge of a lip.
        options = {"quality": 95, "subsampling": "4:4:4"}
    if lossless:
        # Here quality is effort.
        options = {"lossless": True, "quality": 40, "method": 2}
    with replacing(path) as temporary:
        picture.save(temporary, **options)


def difference(
    result: UInt8[Tensor, "*B 3 H W"], target: UInt8[Tensor, "*B 3 H W"], gain: int = 4
) -> UInt8[Tensor, "*B 3 H W"]:
    """Map two 8-bit pictures (3, H, W) to grey plus `gain` / 2 times their difference."""
    import torch

    error = (result.int() - target.int()) * gain // 2 + 128
    return error.clamp(0, 255).to(torch.uint8)


def difference_picture(result: Path, target: Path) -> Image.Image:
    """Draw the difference of two stored pictures of equal size."""
    return to_picture(difference(_stored(result), _stored(target)))


def _stored(file: Path) -> Tensor:
    import numpy as np
    import torch

    with Image.open(file) as picture:
        return torch.from_numpy(np.array(picture.convert("RGB"))).permute(2, 0, 1)


def save_animation(frames: Sequence[Path], path: Path, milliseconds: int = 120) -> None:
    """Join pictures into one looping animated WebP whose last frame stands for a second."""
    if not frames:
        return
    pictures = []
    for frame in frames:
        with Image.open(frame) as opened:
            pictures.append(opened.convert("RGB"))
    durations = [milliseconds] * (len(pictures) - 1) + [1000]
    with replacing(path) as temporary:
        pictures[0].save(
            temporary, save_all=True, append_images=pictures[1:], duration=durations, loop=0,
            quality=80, method=2,
        )  # fmt: skip
