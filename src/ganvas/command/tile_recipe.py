"""`ganvas tile render`, `edit` and `view`: what is made of a picture's recipe."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from ganvas.command.tile_fill import PICTURE, RECIPE, fill, say
from ganvas.command.tile_record import IMAGE
from ganvas.config.groups import user_folders
from ganvas.errors import ConfigError, InputError
from ganvas.runner.settings import Trainer
from ganvas.tracking import NoLogger, RunInfo

if TYPE_CHECKING:
    from torch import Tensor

    from ganvas.generator.base import Generator
    from ganvas.tile.geometry import Geometry
    from ganvas.tile.recipe import Recipe

    Latent = int | tuple[int, int] | Tensor

Tile = tuple[int, int]


def render(words: Sequence[str]) -> int:
    """Draw a region of a recipe."""
    import torch
    from PIL import Image

    from ganvas.image.picture import require_format, save_picture
    from ganvas.tile.draw import render as render_region
    from ganvas.tile.pyramid import level_sizes
    from ganvas.tile.window import Window

    parser = argparse.ArgumentParser(prog="ganvas tile render", description=render.__doc__)
    parser.add_argument("recipe", help="a recipe.safetensors, or the folder of a picture")
    parser.add_argument("--region", required=True, metavar="X,Y,W,H", help="in pixels")
    parser.add_argument("--level", type=int, default=0, help="how often the picture is halved")
    parser.add_argument("-o", "--output", default="region.png", help="(default: region.png)")
    _common(parser)
    options = parser.parse_args(list(words))
    output = Path(options.output)
    require_format(output)
    left, top, width, height = _numbers(options.region, 4, "--region", "X,Y,W,H")
    recipe, generator = _loaded(options)
    canvas = recipe.canvas(generator)
    sizes = level_sizes(canvas.height, canvas.width, recipe.side)
    if not 0 <= options.level < len(sizes):
        raise ConfigError(f"--level={options.level}: the picture has levels 0 to {len(sizes) - 1}")
    most = sizes[options.level]
    if width < 1 or height < 1 or left + width > most[1] or top + height > most[0]:
        raise ConfigError(
            f"--region={options.region}: level {options.level} has {most[1]}×{most[0]} pixels"
        )
    torch.set_num_threads(recipe.threads)
    region = Window(top, top + height, left, left + width)
    pixels = render_region(canvas, region, recipe.side, options.level)
    save_picture(Image.fromarray(pixels), output, lossless=output.suffix == ".webp")
    print(output)
    return 0


def edit(words: Sequence[str]) -> int:
    """Change the latent of tiles and draw only the squares that they reach."""
    from ganvas.tile.draw import Earlier

    parser = argparse.ArgumentParser(prog="ganvas tile edit", description=edit.__doc__)
    parser.add_argument("recipe", help="the folder of a picture, or its recipe.safetensors")
    parser.add_argument(
        "--tile", action="append", required=True, metavar="ROW,COLUMN[,ROWS,COLUMNS]",
        help="a tile, or the first of a block and how many there are",
    )  # fmt: skip
    parser.add_argument(
        "--latent", action="append", required=True, metavar="SOURCE",
        help="for each --tile: a number of the bank, ROW,COLUMN of a tile (of a block the first "
        "one), or an embedding",
    )  # fmt: skip
    parser.add_argument(
        "--mask", action="append", metavar="FILE",
        help="for each --tile: a picture, stretched over all; where it is white, or opaque, the "
        "tile changes; '-' for all of the tile",
    )  # fmt: skip
    parser.add_argument("-o", "--output", required=True, help="the folder of the new picture")
    parser.add_argument("--compression", choices=["none", "deflate", "jpeg"], default="none")
    _common(parser)
    options = parser.parse_args(list(words))
    if len(options.tile) != len(options.latent):
        raise ConfigError(f"{len(options.tile)} --tile and {len(options.latent)} --latent")
    masks = options.mask or ["-"] * len(options.tile)
    if len(masks) != len(options.tile):
        raise ConfigError(f"{len(options.tile)} --tile and {len(masks)} --mask")
    old, new = _recipe_file(options.recipe).parent, Path(options.output)
    picture = old / PICTURE
    if not picture.is_file():
        raise InputError(f"{old} holds no finished picture.tif")
    if new.resolve() == old.resolve() or (new / PICTURE).exists():
        raise InputError(f"{new} holds a picture already; choose another folder")
    recipe, generator = _loaded(options)
    changed: set[Tile] = set()
    for text, source, file in zip(options.tile, options.latent, masks, strict=True):
        block = _block(text, recipe.geometry)
        latents = _sources(source, block, recipe.geometry, generator)
        recipe, tiles = _changed(recipe, latents, None if file == "-" else Path(file))
        changed |= tiles
    new.mkdir(parents=True, exist_ok=True)
    recipe.save(new / RECIPE)
    info = RunInfo(new, new.name, new.parent.name, "tile", (), {}, (IMAGE,))
    fill(recipe, generator, info, options.compression, NoLogger(), Earlier(picture, changed))
    return 0


def _block(text: str, grid: Geometry) -> list[Tile]:
    """Return the tiles that ROW,COLUMN or ROW,COLUMN,ROWS,COLUMNS names, the first one first."""
    if text.count(",") != 3:
        return [_tile(text, "--tile", grid)]
    row, column, rows, columns = _numbers(text, 4, "--tile", "ROW,COLUMN,ROWS,COLUMNS")
    if not rows * columns or row + rows > grid.rows or column + columns > grid.columns:
        raise ConfigError(f"--tile={text}: the grid has {grid.rows}×{grid.columns} tiles")
    return list(product(range(row, row + rows), range(column, column + columns)))


def _sources(
    source: str, block: Sequence[Tile], grid: Geometry, generator: Generator
) -> list[tuple[Tile, Latent]]:
    """Return for each tile of a block what it gets, in an order in which none is read too late."""
    from ganvas.tile.latents.saved import saved_rows

    if source.isdecimal():
        return [(tile, _member(source)) for tile in block]
    if Path(source).suffix:
        latent = saved_rows(Path(source), generator)[0]
        return [(tile, latent) for tile in block]
    row, column = _tile(source, "--latent", grid)
    (top, left), (bottom, right) = block[0], block[-1]
    if row + bottom - top >= grid.rows or column + right - left >= grid.columns:
        raise ConfigError(
            f"--latent={source}: {bottom - top + 1}×{right - left + 1} tiles from there leave "
            f"the grid of {grid.rows}×{grid.columns}"
        )
    # Where both blocks overlap, a tile is read before it is written.
    backwards = block[0] > (row, column)
    return [
        ((y, x), (y - top + row, x - left + column))
        for y, x in (reversed(block) if backwards else block)
    ]


def _member(source: str) -> int:
    """Return the number of a member of the bank.

    Raises:
        ConfigError: The bank has none of that number.
    """
    from ganvas.tile.assignment import MEMBERS

    # A number of thousands of digits is not even read.
    if len(source) > len(str(MEMBERS)) or int(source) >= MEMBERS:
        shown = source if len(source) <= 20 else f"{source[:20]}…"
        raise ConfigError(f"--latent={shown}: the numbers of the bank are 0 to {MEMBERS - 1}")
    return int(source)


def _changed(
    recipe: Recipe, latents: Sequence[tuple[Tile, Latent]], mask: Path | None
) -> tuple[Recipe, set[Tile]]:
    """Return the recipe with these latents where the mask is white, and which tiles it changes."""
    from ganvas.tile.overlay import read_mask

    changed = set()
    for tile, latent in latents:
        part = None if mask is None else read_mask(mask, recipe.geometry, tile)
        if part is None or part.any():
            recipe = recipe.with_tile(tile, latent, part)
            changed.add(tile)
    if not changed:
        where = " to ".join(f"{y},{x}" for y, x in sorted({latents[0][0], latents[-1][0]}))
        raise InputError(f"the mask {mask} is black where tile {where} lies")
    return recipe, changed


def view(words: Sequence[str]) -> int:
    """Write a page that opens from disk and zooms into a picture."""
    from ganvas.tile.viewer import write_viewer

    parser = argparse.ArgumentParser(prog="ganvas tile view", description=view.__doc__)
    parser.add_argument("picture", help="a picture.tif, or its folder")
    parser.add_argument("-o", "--output", help="(default: view/ beside the picture)")
    options = parser.parse_args(list(words))
    picture = Path(options.picture)
    picture = picture / PICTURE if picture.is_dir() else picture
    if not picture.is_file():
        raise InputError(f"no such picture: {picture}")
    folder = Path(options.output) if options.output else picture.parent / "view"
    print(write_viewer(picture, folder, say))
    return 0


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda (default: auto)")
    parser.add_argument(
        "--trust", action="store_true",
        help="execute code outside ganvas and fetch addresses that the recipe names",
    )  # fmt: skip
    parser.add_argument("--config-dir", metavar="DIR", help="a folder with your own options")


def _loaded(options: argparse.Namespace) -> tuple[Recipe, Generator]:
    from ganvas.tile.recipe import Recipe

    user_folders(options.config_dir)
    recipe = Recipe.load(_recipe_file(options.recipe))
    device = Trainer(device=options.device).torch_device()
    return recipe, recipe.load_generator(options.trust).to(device)


def _recipe_file(text: str) -> Path:
    path = Path(text)
    return path / RECIPE if path.is_dir() else path


def _numbers(text: str, count: int, flag: str, form: str) -> list[int]:
    parts = text.split(",")
    if len(parts) != count or not all(part.isdecimal() and len(part) < 10 for part in parts):
        raise ConfigError(f"{flag}={text}: whole numbers {form}")
    return [int(part) for part in parts]


def _tile(text: str, flag: str, grid: Geometry) -> Tile:
    row, column = _numbers(text, 2, flag, "ROW,COLUMN")
    if row >= grid.rows or column >= grid.columns:
        raise ConfigError(f"{flag}={text}: the grid has {grid.rows}×{grid.columns} tiles")
    return row, column
