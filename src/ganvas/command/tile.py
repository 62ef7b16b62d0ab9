"""`ganvas tile`: pictures of any size, and what is made of their recipes."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganvas.config.groups import user_folders
from ganvas.config.overrides import expand, lines
from ganvas.config.schema import build, parameters
from ganvas.errors import ConfigError, InputError
from ganvas.runner.settings import Trainer
from ganvas.runner.signature import canonical
from ganvas.tile.compose import compose, own_groups
from ganvas.tile.settings import TileSettings

HELP = """\
ganvas tile [generator=OPTION] [latents=OPTION] [KEY=VALUE …]   draw a picture of any size
ganvas tile -m layer=8,16,32 …                                  one after the other
ganvas tile render RECIPE --region X,Y,W,H [--level N] [-o FILE]
ganvas tile edit RECIPE --tile ROW,COLUMN --latent SOURCE … [-o FOLDER]
ganvas tile view PICTURE [-o FOLDER]

Tiles of random latents are cut out of the activations of one layer and joined; the rest of the
network runs over all of them. OUTPUT/STUDY/NAME/ then holds picture.tif (a pyramidal BigTIFF) and
recipe.safetensors, from which `render` draws any region again, equal to the bit. The same command
goes on where a killed one stopped. `edit` draws only the squares that the tile reaches; SOURCE is a
number of the bank, another tile's ROW,COLUMN, or an embedding.safetensors. `view` writes a page
that opens from disk and zooms into the picture.
"""

WITHOUT_EFFECT = ("output", "study", "threads", "device", "compression")
"""Settings that are left out of the signature."""

LINE_EVERY = 10.0
"""Seconds between two lines of progress."""

STATISTICS_OF = 16
"""Tiles whose statistics a StyleGAN1 is frozen with."""


def tile(words: Sequence[str]) -> int:
    """Draw pictures, or do with a recipe what the first word says; return 0.

    Raises:
        GanvasError: A mistake that was found before any work, or a full disk.
    """
    if words[:1] and words[0] in ("render", "edit", "view"):
        return {"render": _render, "edit": _edit, "view": _view}[words[0]](words[1:])
    parser = argparse.ArgumentParser(prog="ganvas tile", add_help=False, exit_on_error=False)
    parser.add_argument("-m", "--multirun", action="store_true")
    parser.add_argument("-h", "--help", action="store_true")
    parser.add_argument("--config-dir", "-cd")
    options, rest = parser.parse_known_args(list(words))
    if options.help:
        return _help()
    if flags := [word for word in rest if word.startswith("-")]:
        raise ConfigError(f"no flag '{flags[0]}': flags are -m, --help and --config-dir")
    folders = user_folders(options.config_dir)
    jobs = [lines(job) for job in expand(rest)] if options.multirun else [tuple(rest)]
    plans = [_plan(job, folders) for job in jobs]
    for plan in plans:
        _draw(plan)
    return 0


def _help() -> int:
    from ganvas.command.describe import fields_of, summary

    print(HELP)
    for group, options in own_groups().items():
        for option, file in options.items():
            print(f"  {f'{group}={option}':<20} {summary(file)}")
    print()
    for name, text in fields_of(TileSettings):
        print(f"  {name}  {text}")
    return 0


@dataclass(frozen=True)
class Plan:
    """One picture.

    Attributes:
        settings: Checked.
        config: As plain values.
        folder: Of the picture.
    """

    settings: TileSettings
    config: dict[str, Any]
    folder: Path


def _plan(words: Sequence[str], folders: Sequence[Path]) -> Plan:
    config, tree = compose(words, folders)
    settings: TileSettings = build(tree)
    defaults = {name: field.default for name, field in parameters(tree.target).items()}
    values = {**defaults, **tree.arguments}
    kept = {name: canonical(v) for name, v in values.items() if name not in WITHOUT_EFFECT}
    text = json.dumps(kept, sort_keys=True)
    signature = hashlib.sha256(text.encode()).hexdigest()[:10]
    name = f"{settings.grid}-{str(settings.layer).replace('/', '-')}-{signature}"
    return Plan(settings, config, settings.output / settings.study / name)


def _draw(plan: Plan) -> None:
    import torch

    from ganvas.generator.config import load_generator
    from ganvas.runner.provenance import provenance
    from ganvas.system.files import write_json
    from ganvas.tile.geometry import geometry
    from ganvas.tile.pyramid import disk_need, require_library, require_room
    from ganvas.tile.recipe import Recipe

    settings, folder = plan.settings, plan.folder
    picture, file = folder / "picture.tif", folder / "recipe.safetensors"
    if picture.is_file() and file.is_file():
        print(f"{picture} is there already")
        return
    require_library()
    device = Trainer(device=settings.device).torch_device()
    if settings.threads is not None:
        torch.set_num_threads(settings.threads)
    generator = load_generator(plan.config["generator"]).to(device)
    shape = geometry(
        generator, settings.layer, settings.shape, settings.crop, settings.middle,
        settings.overlap, settings.blend,
    )  # fmt: skip
    height, width = shape.pixels(generator)
    need = disk_need(height, width, settings.side, settings.compression)
    require_room(folder, need if not folder.exists() else 0)
    if file.is_file():
        recipe = Recipe.load(file)
    else:
        recipe = Recipe(
            shape,
            settings.latents.assign(generator, shape, settings.seed, _say),
            settings.seed,
            settings.side,
            torch.get_num_threads(),
            plan.config["generator"],
            generator.source_hash,
        )
        recipe = _with_statistics(recipe, generator)
        write_json(folder / "config.json", plan.config)
        write_json(folder / "provenance.json", provenance(device))
        recipe.save(file)
    _say(
        f"{width}×{height} pixels ({width * height / 1e6:.1f} megapixels), "
        f"{shape.rows * shape.columns} tiles joined at {shape.layer}, "
        f"at most {need / 2**30:.2f} GiB on the disk"
    )
    _fill(recipe, generator, folder, settings.compression)


def _with_statistics(recipe: Any, generator: Any) -> Any:
    from dataclasses import replace

    from ganvas.tile.statistics import measured, needs_statistics

    if not needs_statistics(generator):
        return recipe
    grid = recipe.geometry
    count = min(STATISTICS_OF, grid.rows * grid.columns)
    every = grid.rows * grid.columns // count
    tiles = [divmod(k * every, grid.columns) for k in range(count)]
    rows = (recipe.rows(generator, tile) for tile in tiles)
    pooled = measured(generator, rows, generator.fixed_noise())
    kept = tuple((mean.cpu(), deviation.cpu()) for mean, deviation in pooled)
    return replace(recipe, statistics=kept)


def _fill(recipe: Any, generator: Any, folder: Path, compression: Any, earlier: Any = None) -> None:
    """Draw the picture of a saved recipe and write what it took."""
    import torch

    from ganvas.runner.provenance import peak_memory
    from ganvas.system.files import write_json
    from ganvas.system.memory import keep_freed_memory
    from ganvas.tile.draw import Drawn, draw

    keep_freed_memory()
    torch.set_num_threads(recipe.threads)
    canvas = recipe.canvas(generator)
    said = time.monotonic()

    def progress(state: Drawn) -> None:
        nonlocal said
        if time.monotonic() - said >= LINE_EVERY and state.left is not None:
            said = time.monotonic()
            _say(f"{state.done} of {state.total} squares, {_minutes(state.left)} left")

    picture = folder / "picture.tif"
    drawn = draw(
        canvas, folder / "recipe.safetensors", picture, recipe.side, compression, progress, earlier
    )
    metrics = {
        "megapixels": canvas.width * canvas.height / 1e6,
        "squares": drawn.total,
        "squares_drawn": drawn.drawn,
        "seconds": drawn.seconds,
        "peak_memory_mib": peak_memory(generator.w_avg.device),
        "bytes": picture.stat().st_size,
        "recipe_bytes": (folder / "recipe.safetensors").stat().st_size,
    }
    write_json(folder / "drawing.json", metrics)
    _say(
        f"{picture}: {drawn.drawn} of {drawn.total} squares drawn in {drawn.seconds:.1f} s, "
        f"{metrics['peak_memory_mib']} MiB of memory"
    )
    print(picture)


def _render(words: Sequence[str]) -> int:
    """Draw a region of a recipe."""
    import torch
    from PIL import Image

    from ganvas.image.picture import require_format, save_picture
    from ganvas.tile.draw import render
    from ganvas.tile.pyramid import level_sizes
    from ganvas.tile.window import Window

    parser = argparse.ArgumentParser(prog="ganvas tile render", description=_render.__doc__)
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
    pixels = render(canvas, region, recipe.side, options.level)
    save_picture(Image.fromarray(pixels), output, lossless=output.suffix == ".webp")
    print(output)
    return 0


def _edit(words: Sequence[str]) -> int:
    """Change the latent of tiles and draw only the squares that they reach."""
    from ganvas.tile.draw import Earlier
    from ganvas.tile.latents.saved import saved_rows

    parser = argparse.ArgumentParser(prog="ganvas tile edit", description=_edit.__doc__)
    parser.add_argument("recipe", help="the folder of a picture, or its recipe.safetensors")
    parser.add_argument("--tile", action="append", required=True, metavar="ROW,COLUMN")
    parser.add_argument(
        "--latent", action="append", required=True, metavar="SOURCE",
        help="for each --tile: a number of the bank, ROW,COLUMN of a tile, or an embedding",
    )  # fmt: skip
    parser.add_argument("-o", "--output", required=True, help="the folder of the new picture")
    parser.add_argument("--compression", choices=["none", "deflate"], default="none")
    _common(parser)
    options = parser.parse_args(list(words))
    if len(options.tile) != len(options.latent):
        raise ConfigError(f"{len(options.tile)} --tile and {len(options.latent)} --latent")
    old, new = _recipe_file(options.recipe).parent, Path(options.output)
    picture = old / "picture.tif"
    if not picture.is_file():
        raise InputError(f"{old} holds no finished picture.tif")
    if new.resolve() == old.resolve() or (new / "picture.tif").exists():
        raise InputError(f"{new} holds a picture already; choose another folder")
    recipe, generator = _loaded(options)
    grid = recipe.geometry
    changed = []
    for text, source in zip(options.tile, options.latent, strict=True):
        tile = _tile(text, "--tile", grid)
        if source.isdecimal():
            recipe = recipe.with_tile(tile, int(source))
        elif Path(source).suffix:
            recipe = recipe.with_tile(tile, saved_rows(Path(source), generator)[0])
        else:
            recipe = recipe.with_tile(tile, _tile(source, "--latent", grid))
        changed.append(tile)
    new.mkdir(parents=True, exist_ok=True)
    recipe.save(new / "recipe.safetensors")
    _fill(recipe, generator, new, options.compression, Earlier(picture, changed))
    return 0


def _view(words: Sequence[str]) -> int:
    """Write a page that opens from disk and zooms into a picture."""
    from ganvas.tile.viewer import write_viewer

    parser = argparse.ArgumentParser(prog="ganvas tile view", description=_view.__doc__)
    parser.add_argument("picture", help="a picture.tif, or its folder")
    parser.add_argument("-o", "--output", help="(default: view/ beside the picture)")
    options = parser.parse_args(list(words))
    picture = Path(options.picture)
    picture = picture / "picture.tif" if picture.is_dir() else picture
    if not picture.is_file():
        raise InputError(f"no such picture: {picture}")
    folder = Path(options.output) if options.output else picture.parent / "view"
    print(write_viewer(picture, folder, _say))
    return 0


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda (default: auto)")
    parser.add_argument(
        "--trust", action="store_true",
        help="execute code outside ganvas and fetch addresses that the recipe names",
    )  # fmt: skip
    parser.add_argument("--config-dir", metavar="DIR", help="a folder with your own options")


def _loaded(options: argparse.Namespace) -> tuple[Any, Any]:
    from ganvas.tile.recipe import Recipe

    user_folders(options.config_dir)
    recipe = Recipe.load(_recipe_file(options.recipe))
    device = Trainer(device=options.device).torch_device()
    return recipe, recipe.load_generator(options.trust).to(device)


def _recipe_file(text: str) -> Path:
    path = Path(text)
    return path / "recipe.safetensors" if path.is_dir() else path


def _numbers(text: str, count: int, flag: str, form: str) -> list[int]:
    parts = text.split(",")
    if len(parts) != count or not all(part.isdecimal() and len(part) < 10 for part in parts):
        raise ConfigError(f"{flag}={text}: whole numbers {form}")
    return [int(part) for part in parts]


def _tile(text: str, flag: str, grid: Any) -> tuple[int, int]:
    row, column = _numbers(text, 2, flag, "ROW,COLUMN")
    if row >= grid.rows or column >= grid.columns:
        raise ConfigError(f"{flag}={text}: the grid has {grid.rows}×{grid.columns} tiles")
    return row, column


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
