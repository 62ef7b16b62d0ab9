"""Filling the folder of a picture from its recipe, with lines about how far it is."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from ganvas.command.tile_record import OVERVIEW, recorded, write_overview
from ganvas.tile.draw import Drawn, Earlier, draw
from ganvas.tile.pyramid import squares_done
from ganvas.tile.tiff import Compression
from ganvas.tracking import Logger, RunInfo

if TYPE_CHECKING:
    from ganvas.generator.base import Generator
    from ganvas.tile.recipe import Recipe

PICTURE = "picture.tif"
RECIPE = "recipe.safetensors"

LINE_EVERY = 10.0
"""Seconds between two lines of progress."""


def fill(
    recipe: Recipe,
    generator: Generator,
    info: RunInfo,
    compression: Compression,
    logger: Logger,
    earlier: Earlier | None = None,
) -> None:
    """Draw the picture of a recipe that is saved in a folder, and write what it took.

    Args:
        recipe: What the folder holds as recipe.safetensors.
        generator: Draws it.
        info: The picture, as a run; its folder gets picture.tif, overview.webp, drawing.json and
            metrics.jsonl.
        compression: Of the picture.
        logger: Where the record is sent besides the folder.
        earlier: A picture from which most of it is copied.

    Raises:
        ConfigError: The logger does not start.
        StorageError: The disk is too small.
    """
    import torch

    from ganvas.runner.provenance import peak_memory
    from ganvas.system.memory import keep_freed_memory

    keep_freed_memory()
    torch.set_num_threads(recipe.threads)
    canvas = recipe.canvas(generator)
    folder, picture = info.folder, info.folder / PICTURE
    said = time.monotonic()
    with recorded(info, logger, squares_done(picture)) as record:

        def progress(state: Drawn) -> None:
            nonlocal said
            record.square(state)
            if time.monotonic() - said >= LINE_EVERY and state.left is not None:
                said = time.monotonic()
                say(f"{state.done} of {state.total} squares, {_minutes(state.left)} left")

        drawn = draw(canvas, folder / RECIPE, picture, recipe.side, compression, progress, earlier)
        write_overview(picture, folder / OVERVIEW)
        record.metrics = {
            "megapixels": canvas.width * canvas.height / 1e6,
            "squares": drawn.total,
            "squares_drawn": drawn.drawn,
            "seconds": drawn.seconds,
            "peak_memory_mib": peak_memory(generator.w_avg.device),
            "bytes": picture.stat().st_size,
            "recipe_bytes": (folder / RECIPE).stat().st_size,
        }
    say(
        f"{picture}: {drawn.drawn} of {drawn.total} squares drawn in {drawn.seconds:.1f} s, "
        f"{record.metrics['peak_memory_mib']} MiB of memory"
    )
    print(picture)


def say(line: str) -> None:
    """Print a line of progress on stderr."""
    print(line, file=sys.stderr, flush=True)


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
