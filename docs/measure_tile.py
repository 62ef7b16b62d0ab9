"""Measure what docs/tile.md reports: seams for each join layer, and what refinement is worth."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor

from ganvas.command.generator_choice import chosen_generator
from ganvas.functional.agreement import disagreement, distances, refine
from ganvas.generator.base import Generator
from ganvas.generator.config import load_generator
from ganvas.tile.bank import thumbnails
from ganvas.tile.canvas import Canvas
from ganvas.tile.geometry import Geometry, geometry
from ganvas.tile.latents import Random
from ganvas.tile.latents.guided import guides_of
from ganvas.tile.window import Window

SEED = 3


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", type=int, nargs="+", default=[8, 16, 32, 64, 128])
    parser.add_argument("--columns", type=int, default=3)
    parser.add_argument("--guide", help="a picture, for the second table")
    parser.add_argument("--bank", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("overrides", nargs="*", metavar="generator=OPTION")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    generator = load_generator(chosen_generator(options.overrides))
    if options.guide:
        guided(generator, options.guide, options.bank)
        return
    print("| joined at | overlap | step at joints | step inside | ratio |\n|---|---|---|---|---|")
    for layer in options.layers:
        for overlap in (0, None):
            shape = geometry(generator, layer, (1, options.columns), overlap=overlap)
            at, inside = seams(generator, shape)
            print(
                f"| {shape.layer} | {shape.overlap} of {shape.crop} | {at:.2f} | {inside:.2f} | "
                f"{at / inside:.2f} |",
                flush=True,
            )


def seams(generator: Generator, shape: Geometry) -> tuple[float, float]:
    """Return the mean step between neighbouring columns, in 8-bit levels, at joints and inside.

    At a joint it is that of the columns within one sample of the joined layer; inside, that of all
    columns further away than half a tile's quarter.
    """
    latents = Random(0.7).assign(generator, shape, SEED, print)
    canvas = Canvas(generator, shape, lambda tile: latents.rows(generator, SEED, tile), SEED)
    image = canvas.draw(Window(0, canvas.height, 0, canvas.width))
    steps = columns_of(image)
    factor = canvas.width // shape.size[1]
    centres = torch.arange(1, len(steps) + 1, dtype=torch.float64) / factor
    away = (centres[:, None] - shape.joints[1]).abs().amin(dim=1)
    at, inside = steps[away <= 0.5], steps[away > max(shape.stride / 4, 0.5)]
    return float(at.mean()), float(inside.mean())


def columns_of(image: Tensor) -> Tensor:
    """Return the mean absolute step between each column of (1, 3, H, W) and the next, in levels."""
    levels = (image.clamp(-1, 1) + 1) * 127.5
    return levels.diff(dim=3).abs().mean(dim=(0, 1, 2))


def guided(generator: Generator, guide: str, bank: int) -> None:
    """Print what the choice of tiles costs with and without refinement."""
    shape = geometry(generator, 16, (12, 12))
    scale = 2
    tiles = thumbnails(generator, shape, SEED, 1.0, bank, scale, print)
    data = distances(tiles, guides_of(Path(guide), shape, scale).flatten(0, 1)).view(12, 12, -1)
    candidates = data.topk(min(16, bank), dim=2, largest=False).indices
    strip = shape.overlap * scale
    print("| λ | colour error | disagreement of neighbours | tiles swapped |\n|---|---|---|---|")
    for weight in (0.0, 0.25, 0.5, 1.0, 2.0):
        choice = refine(candidates[..., 0], candidates, data, tiles, strip, weight, 20)
        chosen = tiles[choice]
        likeness = data.gather(2, choice[..., None]).mean()
        across = disagreement(chosen[:, :-1], chosen[:, 1:], strip, -2).flatten()
        down = disagreement(chosen[:-1], chosen[1:], strip, -3).flatten()
        seam = torch.cat([across, down]).mean()
        swapped = int((choice != candidates[..., 0]).sum())
        print(
            f"| {weight} | {127.5 * likeness.sqrt():.1f} | {127.5 * seam.sqrt():.1f} | {swapped} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
