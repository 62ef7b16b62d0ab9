"""A pyramidal, tiled BigTIFF as a file: laid out, compressed and read, all by tifffile."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganvas.errors import InputError
from ganvas.tile.window import Window

Compression = Literal["none", "deflate", "jpeg"]
Pixels = NDArray[np.uint8]

TILE = 256
"""Height and width of the file's own tiles in pixels; a square is a multiple of it."""

JPEG, QUALITY = 7, 90
"""TIFF's number for tiles that are JPEG files of their own, and the quality of ours."""


@dataclass(frozen=True)
class Level:
    """One resolution of the picture.

    Attributes:
        height: Rows in pixels.
        width: Columns in pixels.
        offsets: Where the file's tiles of this level begin, row by row.
    """

    height: int
    width: int
    offsets: tuple[int, ...]


def levels(path: Path) -> list[Level]:
    """Return the levels of a pyramidal TIFF.

    Raises:
        InputError: It is none that is known.
    """
    with _opened(path) as file:
        frames = [level.keyframe for level in file.series[0].levels]
        return [
            Level(frame.shape[0], frame.shape[1], tuple(map(int, frame.dataoffsets)))
            for frame in frames
        ]


def compression_of(path: Path) -> Compression:
    """Return how the tiles of a picture of `Pyramid` are compressed.

    Raises:
        InputError: It is none that is known.
    """
    with _opened(path) as file:
        number = file.series[0].levels[0].keyframe.compression
    return "none" if number == 1 else "jpeg" if number == JPEG else "deflate"


def read_window(path: Path, window: Window, level: int = 0) -> Pixels:
    """Read a window (h, w, 3) of a level of a picture; only the file's tiles there are decoded.

    Raises:
        InputError: It is no picture that `Pyramid` wrote.
    """
    with _opened(path) as file:
        frame = file.series[0].levels[level].keyframe
        across = -(-frame.shape[1] // TILE)
        out = np.zeros((window.height, window.width, 3), dtype=np.uint8)
        for y in range(window.top // TILE, -(-window.bottom // TILE)):
            for x in range(window.left // TILE, -(-window.right // TILE)):
                tile = _tile(file, frame, y * across + x)
                here = Window(y * TILE, y * TILE + TILE, x * TILE, x * TILE + TILE)
                both = here.common(window)
                out[both.inside(window)] = tile[both.inside(here)]
        return out


def lay_out(path: Path, sizes: Sequence[tuple[int, int]]) -> None:
    """Write a TIFF of zeros with levels of the given height and width: it reserves the space."""
    _write_tiff(path, sizes, lambda _: None)


def compress(source: Path, target: Path, levels: Sequence[Level], compression: Compression) -> None:
    """Write a picture that is not compressed once more, compressed.

    Args:
        source: The picture.
        target: The file to write.
        levels: Those of the picture.
        compression: deflate or jpeg.
    """
    encode = _to_jpeg if compression == "jpeg" else _deflated
    colours = {"photometric": "ycbcr", "subsampling": (1, 1)} if compression == "jpeg" else {}
    with source.open("rb") as file:

        def tiles(level: int) -> Iterator[bytes]:
            for offset in levels[level].offsets:
                file.seek(offset)
                yield encode(file.read(TILE * TILE * 3))

        sizes = [(level.height, level.width) for level in levels]
        _write_tiff(target, sizes, tiles, compression="adobe_deflate", **colours)
    if compression == "jpeg":
        _name_jpeg(target)


def require_library() -> None:
    """Raise InputError where the library that writes TIFF is not installed."""
    _tifffile()


def _tifffile() -> Any:
    try:
        import tifffile
    except ImportError:
        raise InputError(
            "pictures of any size need a library: pip install 'ganvas[tile]'"
        ) from None
    return tifffile


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    tifffile = _tifffile()
    try:
        with tifffile.TiffFile(path) as file:
            yield file
    except (OSError, tifffile.TiffFileError, IndexError, zlib.error, ValueError) as error:
        raise InputError(f"{path} is no pyramidal TIFF that can be read: {error}") from error


def _tile(file: Any, frame: Any, index: int) -> Pixels:
    file.filehandle.seek(frame.dataoffsets[index])
    content = file.filehandle.read(frame.databytecounts[index])
    if frame.compression == JPEG:
        return _from_jpeg(content)
    if frame.compression != 1:
        content = zlib.decompress(content)
    return np.frombuffer(content, dtype=np.uint8).reshape(TILE, TILE, 3)


def _deflated(content: bytes) -> bytes:
    return zlib.compress(content, 1)


def _to_jpeg(content: bytes) -> bytes:
    out = io.BytesIO()
    tile = Image.frombytes("RGB", (TILE, TILE), content)
    tile.save(out, "JPEG", quality=QUALITY, subsampling="4:4:4")
    return out.getvalue()


def _from_jpeg(content: bytes) -> Pixels:
    with Image.open(io.BytesIO(content), formats=("JPEG",)) as tile:
        pixels = np.array(tile.convert("RGB"))
    if pixels.shape != (TILE, TILE, 3):
        raise ValueError("one of its tiles has another size")
    return pixels


def _name_jpeg(path: Path) -> None:
    """Say in each level that its tiles are JPEG.

    tifffile writes tiles that are compressed already, but names JPEG only where a library that
    could compress them is installed.
    """
    with _tifffile().TiffFile(path, mode="r+") as file:
        for level in file.series[0].levels:
            level.keyframe.tags["Compression"].overwrite(JPEG)


def _write_tiff(path: Path, sizes: Sequence[tuple[int, int]], data: Any, **options: Any) -> None:
    options = {"photometric": "rgb"} | options
    with _tifffile().TiffWriter(path, bigtiff=True) as file:
        for level, size in enumerate(sizes):
            below: dict[str, Any] = (
                {"subifds": len(sizes) - 1} if level == 0 else {"subfiletype": 1}
            )
            file.write(
                data(level), shape=(*size, 3), dtype=np.uint8, tile=(TILE, TILE), metadata=None,
                **below, **options,
            )  # fmt: skip
