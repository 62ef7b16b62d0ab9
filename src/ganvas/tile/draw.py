"""Drawing a picture square by square, and going on where a killed process stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ganvas.system.files import remove_abandoned, sha256
from ganvas.tile.pyramid import Pyramid, disk_need, require_room
from ganvas.tile.tiff import Compression, Pixels, read_window
from ganvas.tile.window import Window, raster

if TYPE_CHECKING:
    from ganvas.tile.canvas import Canvas

Progress = Callable[["Drawn"], None]
Tile = tuple[int, int]


@dataclass(frozen=True)
class Drawn:
    """How far a picture is.

    Attributes:
        done: Squares that are on the disk.
        total: Squares of the picture.
        drawn: Of them, those that this process drew.
        seconds: What it took for them.
    """

    done: int
    total: int
    drawn: int
    seconds: float

    @property
    def left(self) -> float | None:
        """Seconds that are left, or None before the first square."""
        return None if not self.drawn else (self.total - self.done) * self.seconds / self.drawn


@dataclass(frozen=True)
class Earlier:
    """A picture that differs in a few tiles, from which all else is copied.

    Attributes:
        picture: Its file.
        changed: The tiles that differ.
    """

    picture: Path
    changed: Collection[Tile]


def square(canvas: Canvas, window: Window) -> Pixels:
    """Draw one square, (h, w, 3)."""
    from ganvas.functional.images import to_uint8

    drawn: Pixels = to_uint8(canvas.draw(window))[0].permute(1, 2, 0).cpu().contiguous().numpy()
    return drawn


def reached(canvas: Canvas, window: Window, tiles: Collection[Tile]) -> bool:
    """Return True where a square depends on one of the tiles."""
    return not canvas.tiles(window).isdisjoint(tiles)


def draw(
    canvas: Canvas,
    recipe: Path,
    picture: Path,
    side: int,
    compression: Compression = "none",
    progress: Progress = lambda _: None,
    earlier: Earlier | None = None,
) -> Drawn:
    """Draw a picture into a pyramidal TIFF.

    A process that is killed loses the square that it draws; the same call goes on.

    Args:
        canvas: What to draw.
        recipe: Its saved recipe, which says whether an unfinished picture is the same.
        picture: The file.
        side: Of a square in pixels.
        compression: Of the file.
        progress: Is called after each square.
        earlier: What the squares that no changed tile reaches are copied from.

    Raises:
        StorageError: The disk is too small, or was filled meanwhile; what is done stays.
        InputError: The earlier picture cannot be read.
    """
    squares = list(raster(canvas.height, canvas.width, side))
    identity = sha256(recipe)
    remove_abandoned(picture.parent)
    work = picture.with_name(f"{picture.stem}.work.tif")
    laid_out = work.stat().st_size if work.is_file() else 0
    need = disk_need(canvas.height, canvas.width, side, compression)
    require_room(picture.parent, need - laid_out)
    started, count = time.monotonic(), 0
    with Pyramid(picture, canvas.height, canvas.width, side, identity) as pyramid:
        for number, window in enumerate(squares):
            if number in pyramid.done:
                continue
            if earlier is None or reached(canvas, window, earlier.changed):
                pixels = square(canvas, window)
                count += 1
            else:
                pixels = read_window(earlier.picture, window)
            pyramid.write(number, window, pixels)
            seconds = time.monotonic() - started
            progress(Drawn(len(pyramid.done), len(squares), count, seconds))
        pyramid.finish(compression)
    return Drawn(len(squares), len(squares), count, time.monotonic() - started)


def render(canvas: Canvas, region: Window, side: int, level: int = 0) -> Pixels:
    """Draw a region of a level, equal to the bit to the file's: its squares are drawn, and cut.

    Args:
        canvas: What to draw.
        region: In pixels of that level.
        side: Of a square in pixels, as in the file.
        level: How often the picture is halved.
    """
    import numpy as np

    from ganvas.tile.pyramid import halved

    out = np.zeros((region.height, region.width, 3), dtype=np.uint8)
    for window in raster(canvas.height, canvas.width, side):
        here = window
        for _ in range(level):
            here = here.divided(2)
        if not here.meets(region):
            continue
        pixels = square(canvas, window)
        for _ in range(level):
            pixels = halved(pixels)
        both = here.common(region)
        out[both.inside(region)] = pixels[both.inside(here)]
    return out
