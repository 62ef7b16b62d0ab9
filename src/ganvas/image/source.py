"""Photographs as they come: any size, any mode, from a file, a folder or a glob."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from PIL import Image
from pydantic import Field

from ganvas.assets.packaged import packaged
from ganvas.errors import ConfigError, InputError
from ganvas.image.decode import decode, reading
from ganvas.image.find import find_pictures

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

SMALLEST = 16
Crop = Literal["centre", "none", "ffhq"] | tuple[int, int, int, int]


@dataclass(frozen=True)
class Source:
    """One or several photographs and how they are cut.

    Attributes:
        path: A PNG, JPEG, WebP, TIFF, BMP, AVIF or HEIC (extra `heic`) file, a folder of them, or a
            glob; hidden files are passed over. A name that starts with
            "ganvas:" is a picture that comes with the program, such as ganvas:astronaut.png;
            "asset:portraits/obama.jpg" is fetched like the weights.
        crop: "centre" for the largest central square, "none" for pictures that are square already,
            "ffhq" for the largest face, turned upright and cut as FFHQ's pictures are, or a box
            [left, top, right, bottom] in pixels.
        overlay: A picture with transparency, such as scribbles, laid over each cut photograph.
        limit: Use only the first so many files of a folder or glob; null: all.
        shard: "2/4" uses every fourth file from the second on; null: all. As an axis of a sweep,
            shard=1/4,2/4,3/4,4/4 spreads the files over four jobs.
        paste: Save `pasted.jpg` as well: the whole photograph with the result in its square, the
            colours matched along a soft edge. For x alone.
    """

    path: Path
    crop: Crop = "centre"
    overlay: Path | None = None
    limit: int | None = None
    shard: Annotated[str, Field(pattern=r"^[1-9]\d*/[1-9]\d*$")] | None = None
    paste: bool = False

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise ConfigError(f"limit must be at least 1, not {self.limit}")
        if self.shard is not None:
            shard, shards = map(int, self.shard.split("/"))
            if shard > shards:
                raise ConfigError(f"shard={self.shard}: the last one is {shards}/{shards}")
        if not isinstance(self.crop, str):
            left, top, right, bottom = self.crop
            if not (0 <= left < right and 0 <= top < bottom):
                raise ConfigError(
                    "crop is [left, top, right, bottom] with left < right, top < bottom"
                )

    def files(self) -> list[Path]:
        """Return the files, sorted by name; see `find_pictures`.

        Raises:
            InputError: There are none, or fewer than shards.
        """
        files = find_pictures(self.path)[: self.limit]
        if self.shard is None:
            return files
        shard, shards = map(int, self.shard.split("/"))
        if len(files) < shards:
            raise InputError(f"shard={self.shard}: there are only {len(files)} pictures")
        return files[shard - 1 :: shards]

    def read(self) -> dict[str, Image.Image]:
        """Decode and cut all photographs: square RGB pictures by name, in the order of `files`.

        Raises:
            InputError: A file is missing, broken, too small, or smaller than the crop box.
        """
        pictures: dict[str, Image.Image] = {}
        for file in self.files():
            # Files of one name, of other kinds or in other folders, are told apart.
            name = next(n for n in _names(file) if n not in pictures)
            picture = cut(decode(file), self.crop, file)
            pictures[name] = picture if self.overlay is None else lay_over(picture, self.overlay)
        return pictures


def _names(file: Path) -> Iterator[str]:
    yield file.stem
    yield file.name
    yield from (f"{file.stem}-{number}" for number in count(2))


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


def lay_over(picture: Image.Image, overlay: Path) -> Image.Image:
    """Lay a picture with transparency over a square one, whose size it takes if it is larger.

    Raises:
        InputError: The overlay cannot be read, or it is not square.
    """
    file = packaged(overlay)
    with reading(file, "overlay") as opened:
        top = opened.convert("RGBA")
    if top.width != top.height:
        raise InputError(f"the overlay {file} is {top.width}×{top.height}, not square")
    size = (max(top.width, picture.width),) * 2
    under = picture.resize(size, Image.Resampling.LANCZOS).convert("RGBA")
    return Image.alpha_composite(under, top.resize(size)).convert("RGB")


def to_tensor(
    pictures: list[Image.Image], resolution: int
) -> Float[Tensor, "B 3 resolution resolution"]:
    """Resize square RGB pictures with Lanczos: (B, 3, resolution, resolution) in [−1, 1]."""
    import numpy as np
    import torch

    from ganvas.functional.images import from_uint8

    size = (resolution, resolution)
    resized = [p if p.size == size else p.resize(size, Image.Resampling.LANCZOS) for p in pictures]
    stacked = torch.stack([torch.from_numpy(np.array(p)) for p in resized])
    return from_uint8(stacked.permute(0, 3, 1, 2)).contiguous()
