"""The record of a picture of any size: how far it is, how it ended, and the same for a logger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from ganvas.errors import Interrupted
from ganvas.image.picture import save_picture
from ganvas.system.files import write_json
from ganvas.tile.draw import Drawn
from ganvas.tile.tiff import levels, read_window
from ganvas.tile.window import Window
from ganvas.tracking import Logger, Outcome, Record, RunInfo

if TYPE_CHECKING:
    from ganvas.tracking import Sink

DRAWING = "drawing.json"
OVERVIEW = "overview.webp"
IMAGE = "picture"
"""The name under which a logger knows the picture."""

MOST = 2048
"""Height and width that the overview does not exceed, in pixels, where the levels go so far."""


class PictureRecord:
    """Writes drawing.json and a row for each square, and hands the rows on to a sink.

    Args:
        info: The picture, as a run.
        sinks: Where the rows go besides the folder.
    """

    def __init__(self, info: RunInfo, sinks: list[Sink]) -> None:
        self.folder = info.folder
        self.record = Record(info, sinks)
        self.done = 0
        self.metrics: dict[str, Any] = {}

    def begin(self, done: int) -> None:
        """Open the sinks; the rows of the squares that are on the disk are replayed."""
        self.done = done
        self.record.begin(done + 1)
        write_json(self.folder / DRAWING, {"state": "drawing", "squares_done": done})

    def square(self, state: Drawn) -> None:
        """Take one square more."""
        self.done = state.done
        row: dict[str, Any] = {"stage": "tile", "step": state.done, "seconds": state.seconds}
        row["squares_left"] = [float(state.total - state.done)]
        row["seconds_left"] = [state.left or 0.0]
        self.record.log([row])

    def end(self, state: str) -> None:
        """Write how it ended, and close the sinks."""
        write_json(
            self.folder / DRAWING, {"state": state, "squares_done": self.done} | self.metrics
        )
        finished = state == "finished"
        measured = {n: float(v) for n, v in self.metrics.items() if v is not None}
        self.record.end(
            Outcome(
                state,
                self.done,
                {"final": measured, "images": {IMAGE: measured}} if finished else {},
                {IMAGE: {"result": self.folder / OVERVIEW}} if finished else {},
            )
        )


@contextmanager
def recorded(info: RunInfo, logger: Logger, done: int) -> Iterator[PictureRecord]:
    """Record a picture while it is drawn, and say at the end whether it was finished.

    Args:
        info: The picture, as a run.
        logger: Makes the sink.
        done: Squares that are on the disk.

    Raises:
        ConfigError: The logger does not start.
    """
    sink = logger.sink()
    record = PictureRecord(info, [] if sink is None else [sink])
    record.begin(done)
    state = "failed"
    try:
        yield record
        state = "finished"
    except (KeyboardInterrupt, Interrupted):
        state = "interrupted"
        raise
    finally:
        record.end(state)


def write_overview(picture: Path, file: Path) -> None:
    """Write the first level of a picture that is small enough to be looked at, or the last one.

    Raises:
        InputError: The picture cannot be read.
        StorageError: The file cannot be written.
    """
    sizes = [(level.height, level.width) for level in levels(picture)]
    small = [k for k, size in enumerate(sizes) if max(size) <= MOST]
    level = small[0] if small else len(sizes) - 1
    height, width = sizes[level]
    pixels = read_window(picture, Window(0, height, 0, width), level)
    save_picture(Image.fromarray(pixels), file)
