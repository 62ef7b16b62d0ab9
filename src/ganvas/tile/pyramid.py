"""A pyramidal, tiled BigTIFF that is filled in any order, one square at a time.

The file is laid out at once, uncompressed, so that every sample has its place in it and the disk is
known to suffice. A journal beside it says which squares are in it; what a killed process has left
goes on from there.
"""

from __future__ import annotations

import json
import os
import shutil
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from ganvas.errors import StorageError
from ganvas.system.files import replacing, storage_errors
from ganvas.tile.tiff import TILE, Compression, Level, Pixels, compress, lay_out, levels
from ganvas.tile.window import Window

CONTINUE = "free some, and the same command continues"


def level_sizes(height: int, width: int, side: int) -> list[tuple[int, int]]:
    """Return height and width of each level: halved, rounded up, down to one tile of the file.

    Args:
        height: Of the picture.
        width: Of the picture.
        side: Of a square, a power of two; below one pixel of it there is no level.
    """
    sizes = [(height, width)]
    while max(sizes[-1]) > TILE and 1 << len(sizes) <= side:
        sizes.append((-(-sizes[-1][0] // 2), -(-sizes[-1][1] // 2)))
    return sizes


def disk_need(height: int, width: int, side: int, compression: Compression) -> int:
    """Return the bytes that drawing a picture takes at most; compressed, there are two files."""
    tiles = sum(-(-h // TILE) * -(-w // TILE) for h, w in level_sizes(height, width, side))
    layout = tiles * (TILE * TILE * 3 + 32) + (1 << 16)
    return layout * (1 if compression == "none" else 2)


def require_room(folder: Path, need: int) -> None:
    """Refuse a picture for which the disk is too small.

    Raises:
        StorageError: It says what is needed and what is free.
    """
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    if need > free:
        raise StorageError(
            f"the picture needs {need / 2**30:.3g} GiB in {folder}, where {free / 2**30:.3g} GiB "
            "are free; take a smaller grid, another output, or compression=none"
        )


def halved(pixels: Pixels) -> Pixels:
    """Return the mean of each 2×2 pixels (H, W, 3), rounded half up; an odd edge is repeated."""
    height, width = pixels.shape[:2]
    even = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge").astype(np.uint16)
    four = even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]
    return ((four + 2) >> 2).astype(np.uint8)


class Pyramid:
    """The picture while it is drawn: a work file and its journal, renamed at the end.

    Args:
        path: What the picture will be called.
        height: In pixels.
        width: In pixels.
        side: Of a square in pixels.
        identity: What the picture is made of; a journal of another one is not continued.

    Raises:
        StorageError: No space, or no permission.
    """

    def __init__(self, path: Path, height: int, width: int, side: int, identity: str) -> None:
        self.path, self.side = path, side
        self.size = height, width
        self.work = path.with_name(f"{path.stem}.work.tif")
        self.journal = path.with_name(f"{path.stem}.journal")
        self.done: set[int] = set()
        head = json.dumps({"identity": identity, "size": [height, width], "side": side})
        with storage_errors(self.work, CONTINUE):
            path.parent.mkdir(parents=True, exist_ok=True)
            if not self._continues(head):
                self.journal.unlink(missing_ok=True)
                lay_out(self.work, level_sizes(height, width, side))
                self.journal.write_text(head + "\n", encoding="utf-8")
            self.levels = levels(self.work)
            self._file = self.work.open("r+b", buffering=0)
            self._lines = self.journal.open("a", encoding="utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._file.close()
        self._lines.close()

    def write(self, number: int, window: Window, pixels: Pixels) -> None:
        """Write a square to every level; it is done when it is on the disk.

        Args:
            number: Of the square, for the journal.
            window: Where it lies in the picture.
            pixels: (h, w, 3).

        Raises:
            StorageError: No space is left; what is done stays done.
        """
        with storage_errors(self.work, CONTINUE):
            for level, scale in zip(self.levels, count()):
                self._put(level, window.top >> scale, window.left >> scale, pixels)
                pixels = halved(pixels)
            os.fdatasync(self._file.fileno())
            self._lines.write(f"{number}\n")
            self._lines.flush()
        self.done.add(number)

    def finish(self, compression: Compression) -> None:
        """Give the picture its name; to be compressed, it is written once more.

        Raises:
            StorageError: No space is left.
        """
        with storage_errors(self.path, CONTINUE):
            if compression == "none":
                os.fsync(self._file.fileno())
                self.work.replace(self.path)
            else:
                with replacing(self.path, CONTINUE) as temporary:
                    compress(self.work, temporary, self.levels, compression)
                self.work.unlink()
            self.journal.unlink()

    def _continues(self, head: str) -> bool:
        """Read which squares are done; False where the journal is of another picture."""
        try:
            first, *lines = self.journal.read_text(encoding="utf-8").split("\n")
        except (OSError, UnicodeDecodeError):
            return False
        if first != head or not self.work.is_file():
            return False
        # A line that a killed process has left half written has no end.
        self.done = {int(line) for line in lines[:-1] if line.isdecimal()}
        if lines and lines[-1]:
            with self.journal.open("r+b") as file:
                file.truncate(self.journal.stat().st_size - len(lines[-1].encode()))
        return True

    def _put(self, level: Level, top: int, left: int, pixels: Pixels) -> None:
        across = -(-level.width // TILE)
        height, width = pixels.shape[:2]
        for y in range(top // TILE, -(-(top + height) // TILE)):
            for x in range(left // TILE, -(-(left + width) // TILE)):
                rows = slice(max(top, y * TILE), min(top + height, y * TILE + TILE))
                columns = slice(max(left, x * TILE), min(left + width, x * TILE + TILE))
                part = pixels[
                    rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
                ]
                start = level.offsets[y * across + x]
                self._put_part(start, rows.start % TILE, columns.start % TILE, part)

    def _put_part(self, start: int, row: int, column: int, part: Pixels) -> None:
        if part.shape[1] == TILE:
            at = start + row * TILE * 3
            _write_all(self._file.fileno(), part.tobytes(), at)
            return
        for line in part:
            at = start + (row * TILE + column) * 3
            _write_all(self._file.fileno(), line.tobytes(), at)
            row += 1


def squares_done(path: Path) -> int:
    """Return how many squares of an unfinished picture its journal names; 0 without one."""
    try:
        lines = path.with_name(f"{path.stem}.journal").read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError):
        return 0
    return len({line for line in lines[1:-1] if line.isdecimal()})


def _write_all(descriptor: int, content: bytes, at: int) -> None:
    view = memoryview(content)
    while view:
        written = os.pwrite(descriptor, view, at)
        view, at = view[written:], at + written
