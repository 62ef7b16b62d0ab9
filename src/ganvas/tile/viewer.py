"""A page that opens from disk and zooms into a picture, with its tiles in the Deep Zoom layout."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from importlib import resources
from math import ceil, log2
from pathlib import Path

from PIL import Image

from ganvas.image.picture import save_picture
from ganvas.system.files import storage_errors, write_json, write_text
from ganvas.system.page import head, pinned
from ganvas.tile.pyramid import halved
from ganvas.tile.tiff import TILE, Pixels, levels, read_window
from ganvas.tile.window import Window, raster

SOURCE = "source.json"
"""Says in a folder which picture its tiles are of."""

_DZI = """<?xml version="1.0" encoding="UTF-8"?>
<Image xmlns="http://schemas.microsoft.com/deepzoom/2008"
 Format="webp" Overlap="0" TileSize="{tile}">
<Size Width="{width}" Height="{height}"/>
</Image>
"""

_BODY = """<canvas id="view" tabindex="0" data-width="{width}" data-height="{height}"
 data-tile="{tile}" data-top="{top}" aria-label="{title}"></canvas>
<p id="note"><b>{title}</b> <span id="where"></span>
<span class="keys">drag or arrows: move · wheel, pinch, + and −: zoom · 0: all of it</span></p>
<script>{script}</script>
</body>
</html>
"""


def write_viewer(picture: Path, folder: Path, say: Callable[[str], None]) -> Path:
    """Write index.html, picture.dzi and its tiles; a tile of the same picture stays.

    Args:
        picture: A pyramidal TIFF of `Pyramid`.
        folder: Where the page goes.
        say: Is told how far it is.

    Returns:
        The page.

    Raises:
        InputError: The picture cannot be read.
        StorageError: The folder cannot be written.
    """
    stored = levels(picture)
    _remove_others(picture, folder)
    height, width = stored[0].height, stored[0].width
    top = ceil(log2(max(height, width)))
    for index, level in enumerate(stored):
        tiles = folder / "picture_files" / str(top - index)
        for window in raster(level.height, level.width, TILE):
            file = _tile_file(tiles, window)
            if not file.exists():
                save_picture(Image.fromarray(read_window(picture, window, index)), file)
        say(f"level {index}: {level.width}×{level.height} pixels")
    last = stored[-1]
    pixels = read_window(picture, Window(0, last.height, 0, last.width), len(stored) - 1)
    for deep in range(top - len(stored), -1, -1):
        pixels = halved(pixels)
        _write_small(pixels, folder / "picture_files" / str(deep))
    write_text(folder / "picture.dzi", _DZI.format(tile=TILE, width=width, height=height))
    page = folder / "index.html"
    write_text(page, _page(f"{picture.parent.name} · ganvas tile", height, width, top))
    return page


def _remove_others(picture: Path, folder: Path) -> None:
    """Remove the tiles of another picture, or of an earlier state of this one, from a folder."""
    stat, file = picture.stat(), folder / SOURCE
    source = {"path": str(picture.resolve()), "bytes": stat.st_size, "modified": stat.st_mtime_ns}
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = None
    if known == source:
        return
    with storage_errors(folder):
        for tile in folder.glob("picture_files/*/*_*.webp"):
            tile.unlink(missing_ok=True)
    write_json(file, source)


def _write_small(pixels: Pixels, tiles: Path) -> None:
    for window in raster(pixels.shape[0], pixels.shape[1], TILE):
        part = pixels[window.top : window.bottom, window.left : window.right]
        save_picture(Image.fromarray(part), _tile_file(tiles, window))


def _tile_file(folder: Path, window: Window) -> Path:
    return folder / f"{window.left // TILE}_{window.top // TILE}.webp"


def _page(title: str, height: int, width: int, top: int) -> str:
    static = resources.files("ganvas.tile") / "static"
    style, script = (
        (static / name).read_text(encoding="utf-8") for name in ("viewer.css", "viewer.js")
    )
    return head(title, style, "'self' file: data:", pinned(script)) + _BODY.format(
        title=html.escape(title), width=width, height=height, tile=TILE, top=top, script=script
    )
