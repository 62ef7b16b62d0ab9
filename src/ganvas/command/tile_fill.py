"""Filling the folder of a picture from its recipe, with lines about how far it is."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ganvas.tile.draw import Drawn, Earlier, draw
from ganvas.tile.pyramid import Compression

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
    folder: Path,
    compression: Compression,
    earlier: Earlier | None = None,
) -> None:
    """Draw the picture of a recipe that is saved in a folder, and write what it took.

    Args:
        recipe: What `folder` holds as recipe.safetensors.
        generator: Draws it.
        folder: Gets picture.tif and drawing.json.
        compression: Of the picture.
        earlier: A picture from which most of it is copied.

    Raises:
        StorageError: The disk is too small.
    """
    import torch

    from ganvas.runner.provenance import peak_memory
    from ganvas.system.files import write_json
    from ganvas.system.memory import keep_freed_memory

    keep_freed_memory()
    torch.set_num_threads(recipe.threads)
    canvas = recipe.canvas(generator)
    said = time.monotonic()

    def progress(state: Drawn) -> None:
        nonlocal said
        if time.monotonic() - said >= LINE_EVERY and state.left is not None:
            said = time.monotonic()
            say(f"{state.done} of {state.total} squares, {_minutes(state.left)} left")

    picture = folder / PICTURE
    drawn = draw(canvas, folder / RECIPE, picture, recipe.side, compression, progress, earlier)
    metrics = {
        "megapixels": canvas.width * canvas.height / 1e6,
        "squares": drawn.total,
        "squares_drawn": drawn.drawn,
        "seconds": drawn.seconds,
        "peak_memory_mib": peak_memory(generator.w_avg.device),
        "bytes": picture.stat().st_size,
        "recipe_bytes": (folder / RECIPE).stat().st_size,
    }
    write_json(folder / "drawing.json", metrics)
    say(
        f"{picture}: {drawn.drawn} of {drawn.total} squares drawn in {drawn.seconds:.1f} s, "
        f"{metrics['peak_memory_mib']} MiB of memory"
    )
    print(picture)


def say(line: str) -> None:
    """Print a line of progress on stderr."""
    print(line, file=sys.stderr, flush=True)


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
