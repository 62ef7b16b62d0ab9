"""`ganvas tile`: pictures of any size, and what is made of their recipes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganvas.command.flags import read_config_dir
from ganvas.command.tile_fill import PICTURE, RECIPE, fill, say
from ganvas.command.tile_record import IMAGE
from ganvas.command.tile_settings import TileSettings
from ganvas.config.checked import resolve_as
from ganvas.config.compose import Resolver
from ganvas.config.groups import groups, user_folders
from ganvas.config.overrides import Words, expand
from ganvas.config.schema import build
from ganvas.config.targets import parameters
from ganvas.runner.settings import Trainer
from ganvas.runner.signature import canonical
from ganvas.tracking import RunInfo

if TYPE_CHECKING:
    from ganvas.generator.base import Generator
    from ganvas.tile.recipe import Recipe

HELP = """\
ganvas tile [generator=OPTION] [latents=OPTION] [KEY=VALUE …]   draw a picture of any size
ganvas tile -m layer=8,16,32 …                                  one after the other
ganvas tile render RECIPE --region X,Y,W,H [--level N] [-o FILE]
ganvas tile edit RECIPE --tile ROW,COLUMN[,ROWS,COLUMNS] --latent SOURCE … [-o FOLDER]
ganvas tile view PICTURE [-o FOLDER]

Tiles of random latents are cut out of the activations of one layer and joined; the rest of the
network runs over all of them. OUTPUT/STUDY/NAME/ then holds picture.tif (a pyramidal BigTIFF) and
recipe.safetensors, from which `render` draws any region again, equal to the bit. The same command
goes on where a killed one stopped. `edit` draws only the squares that the tile, or a block of tiles
from ROW,COLUMN on, reaches; SOURCE is a number of the bank, another tile's ROW,COLUMN, or an
embedding.safetensors. `view` writes a page that opens from disk and zooms into the picture.
"""

ROOT = "tile"
"""The configuration that is composed."""

WITHOUT_EFFECT = ("output", "study", "threads", "device", "compression", "logger")
"""Settings that are left out of the signature."""

STATISTICS_OF = 16
"""Tiles whose statistics a StyleGAN1 is frozen with."""


def tile(words: Sequence[str]) -> int:
    """Draw pictures, or do with a recipe what the first word says; return 0.

    Raises:
        GanvasError: A mistake that was found before any work, or a full disk.
    """
    if words[:1] and words[0] in ("render", "edit", "view"):
        from ganvas.command import tile_recipe

        return {"render": tile_recipe.render, "edit": tile_recipe.edit, "view": tile_recipe.view}[
            words[0]
        ](words[1:])
    if {"-h", "--help"} & set(words):
        return _help()
    multirun = ("--multirun", "-m")
    options = read_config_dir(words, "-m, --help and --config-dir", [multirun])
    resolver = Resolver(user_folders(options.config_dir), root=ROOT)
    jobs = expand(options.overrides, resolver.groups) if options.multirun else [options.overrides]
    for plan in [_plan(job, resolver) for job in jobs]:
        _draw(plan)
    return 0


def _help() -> int:
    from ganvas.command.describe import fields_of, summary

    print(HELP)
    for option, file in groups()["latents"].items():
        print(f"  {f'latents={option}':<20} {summary(file)}")
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


def _plan(words: Words, resolver: Resolver) -> Plan:
    tree, job = resolve_as(TileSettings, resolver, words, sweeps=True)
    settings: TileSettings = build(tree)
    defaults = {name: field.default for name, field in parameters(tree.target).items()}
    values = {**defaults, **tree.arguments}
    kept = {name: canonical(v) for name, v in values.items() if name not in WITHOUT_EFFECT}
    text = json.dumps(kept, sort_keys=True)
    signature = hashlib.sha256(text.encode()).hexdigest()[:10]
    name = f"{settings.grid}-{str(settings.layer).replace('/', '-')}-{signature}"
    return Plan(settings, job.config, settings.output / settings.study / name)


def _draw(plan: Plan) -> None:
    import torch

    from ganvas.generator.config import load_generator
    from ganvas.runner.provenance import provenance
    from ganvas.system.files import write_json
    from ganvas.tile.geometry import geometry
    from ganvas.tile.pyramid import disk_need, require_room
    from ganvas.tile.recipe import Recipe
    from ganvas.tile.tiff import compression_of, require_library

    settings, folder = plan.settings, plan.folder
    picture, file = folder / PICTURE, folder / RECIPE
    if picture.is_file() and file.is_file():
        print(f"{picture} is there already")
        if (kept := compression_of(picture)) != settings.compression:
            say(
                f"it stays as it is, compression={kept}; for {settings.compression} remove it, and "
                "the same command draws it again"
            )
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
            settings.latents.assign(generator, shape, settings.seed, say),
            settings.seed,
            settings.side,
            torch.get_num_threads(),
            plan.config["generator"],
            generator.source_hash,
        )
        recipe = _with_statistics(recipe, generator)
        write_json(folder / "config.json", plan.config)
        identity = {"name": generator.name, "sha256": generator.source_hash}
        write_json(folder / "provenance.json", {**provenance(device), "generator": identity})
        recipe.save(file)
    say(
        f"{width}×{height} pixels ({width * height / 1e6:.1f} megapixels), "
        f"{shape.rows * shape.columns} tiles joined at {shape.layer}, "
        f"at most {need / 2**30:.2f} GiB on the disk"
    )
    info = RunInfo(folder, folder.name, settings.study, "tile", (), plan.config, (IMAGE,))
    fill(recipe, generator, info, settings.compression, settings.logger)


def _with_statistics(recipe: Recipe, generator: Generator) -> Recipe:
    """Add frozen statistics of some tiles where the family needs them."""
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
