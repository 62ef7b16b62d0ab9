"""Photographs as they come: any size, any mode, from a file, a folder or a glob."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

from PIL import Image
from pydantic import Field

from ganvas.assets.packaged import packaged
from ganvas.errors import ConfigError, InputError
from ganvas.image.crop import LEAVES_SQUARES, Crop, cut, cut_layer, is_over_whole, tell_square
from ganvas.image.decode import decode, reading
from ganvas.image.find import find_pictures

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

T = TypeVar("T")


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
        overlay: A picture with transparency, such as scribbles: a square one is laid over each cut
            photograph, one of exactly the size of a photograph that is not square is cut as it is;
            nothing is drawn beyond the photograph.
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
        return self._chosen(find_pictures(self.path))

    def chosen_of(self, items: Sequence[T]) -> list[T] | None:
        """Return, of one item for each photograph of the folder, those of the chosen ones.

        Args:
            items: In the order of the photographs, for each that is chosen, that is within `limit`,
                or that there is.

        Returns:
            One for each of `files`, in their order; None where there are not as many.

        Raises:
            InputError: As `files`.
        """
        if len(items) == len(self.files()):
            return list(items)
        return self._chosen(items) if len(items) in self.counts() else None

    def counts(self) -> list[int]:
        """Return how many items `chosen_of` takes, in ascending order.

        Raises:
            InputError: As `files`.
        """
        found = find_pictures(self.path)
        return sorted({len(self._chosen(found)), len(found[: self.limit]), len(found)})

    def _chosen(self, items: Sequence[T]) -> list[T]:
        within = list(items[: self.limit])
        if self.shard is None:
            return within
        shard, shards = map(int, self.shard.split("/"))
        if len(within) < shards:
            raise InputError(f"shard={self.shard}: there are only {len(within)} pictures")
        return within[shard - 1 :: shards]

    def read(self) -> dict[str, Image.Image]:
        """Decode and cut all photographs: square RGB pictures by name, in the order of `files`.

        Raises:
            InputError: A file is missing, broken, too small, or smaller than the crop box; or the
                overlay fits neither it nor its cut.
        """
        pictures: dict[str, Image.Image] = {}
        for file in self.files():
            # Files of one name, of other kinds or in other folders, are told apart.
            name = next(n for n in _names(file) if n not in pictures)
            pictures[name] = self._read(file)
        return pictures

    def _read(self, file: Path) -> Image.Image:
        photograph = decode(file)
        picture = cut(photograph, self.crop, file)
        if self.overlay is None:
            return picture
        overlay = packaged(self.overlay)
        with reading(overlay, "overlay") as opened:
            top = opened.convert("RGBA")
        if is_over_whole(top.size, photograph.size):
            top = cut_layer(top, photograph, self.crop, file, picture.width)
        elif top.size == photograph.size and self.crop not in LEAVES_SQUARES:
            tell_square(overlay, file)
        if top.width != top.height:
            raise InputError(
                f"the overlay {overlay} is {top.width}×{top.height}; it is either square, for the "
                f"cut photograph, or of the size of {file}, {photograph.width}×{photograph.height}"
            )
        return lay_over(picture, top)


def _names(file: Path) -> Iterator[str]:
    yield file.stem
    yield file.name
    yield from (f"{file.stem}-{number}" for number in count(2))


def lay_over(picture: Image.Image, top: Image.Image) -> Image.Image:
    """Lay a square RGBA picture over a square one, whose size it takes if it is larger."""
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
