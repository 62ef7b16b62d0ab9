"""Measure what docs/tile.md reports.

python docs/measure_tile.py seams --plot docs/images/tile_seams.webp
python docs/measure_tile.py guided --guide astronaut.png
python docs/measure_tile.py whole
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from ganvas.command.generator_choice import chosen_generator
from ganvas.functional.agreement import disagreement, distances, refine
from ganvas.generator.architecture import StyleGAN1Architecture, StyleGAN2Architecture
from ganvas.generator.base import Generator
from ganvas.generator.config import load_generator
from ganvas.generator.random_weights import random_generator
from ganvas.generator.tiny_network import TinyGenerator
from ganvas.tile.assignment import from_bank
from ganvas.tile.bank import thumbnails
from ganvas.tile.canvas import Canvas
from ganvas.tile.geometry import Geometry, geometry
from ganvas.tile.latents import Random
from ganvas.tile.latents.guided import guides_of
from ganvas.tile.statistics import frozen, measured, needs_statistics
from ganvas.tile.window import Window, raster

SEED = 3
SQUARE = 1024


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["seams", "guided", "whole"])
    parser.add_argument("--layers", type=int, nargs="+", default=[8, 16, 32, 64, 128])
    parser.add_argument("--columns", type=int, default=4)
    parser.add_argument("--plot", help="where the steps across joints are drawn")
    parser.add_argument("--guide", default="ganvas:astronaut.png", help="a picture")
    parser.add_argument("--bank", type=int, default=48)
    parser.add_argument("--grid", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("overrides", nargs="*", metavar="generator=OPTION")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    generator = load_generator(chosen_generator(options.overrides))
    if options.what == "seams":
        seams(generator, options)
    elif options.what == "guided":
        guided(generator, options)
    else:
        whole(generator)


def canvas_of(generator: Generator, shape: Geometry) -> Canvas:
    """Return a canvas of random tiles, a StyleGAN1's statistics frozen over all of them."""
    latents = Random(0.7).assign(generator, shape, SEED, print)
    rest = None
    if needs_statistics(generator):
        rows = (latents.rows(generator, SEED, (0, k)) for k in range(shape.columns))
        rest = frozen(generator, measured(generator, rows, generator.fixed_noise()))
    return Canvas(generator, shape, lambda tile: latents.rows(generator, SEED, tile), SEED, rest)


# --- seams ---------------------------------------------------------------------------------------


def seams(generator: Generator, options: argparse.Namespace) -> None:
    """Print the step between columns at joints and inside, and draw it against the distance."""
    profiles: dict[str, dict[str, Tensor]] = {}
    print("| joined at | overlap | step at joints | step inside | ratio |\n|---|---|---|---|---|")
    for layer in options.layers:
        for overlap in (0, None):
            shape = geometry(generator, layer, (1, options.columns), overlap=overlap)
            if overlap is None and shape.overlap == 0:
                continue
            steps, away = steps_of(generator, shape)
            at, inside = steps[away <= 0.5].mean(), steps[away > max(shape.stride / 4, 0.5)].mean()
            label = "cut" if shape.overlap == 0 else "blended over a quarter"
            profiles.setdefault(f"{layer}²", {})[label] = profile(steps / inside, away, shape)
            print(
                f"| {shape.layer} | {shape.overlap} of {shape.crop} | {at:.2f} | {inside:.2f} | "
                f"{at / inside:.2f} |",
                flush=True,
            )
    if options.plot:
        plot(profiles, Path(options.plot))


def steps_of(generator: Generator, shape: Geometry) -> tuple[Tensor, Tensor]:
    """Return the mean step between neighbouring columns, and how far each is from a joint.

    The steps are in 8-bit levels, the distances in samples of the joined layer.
    """
    canvas = canvas_of(generator, shape)
    levels = (canvas.draw(Window(0, canvas.height, 0, canvas.width)).clamp(-1, 1) + 1) * 127.5
    steps = levels.diff(dim=3).abs().mean(dim=(0, 1, 2))
    factor = canvas.width // shape.size[1]
    centres = torch.arange(1, len(steps) + 1, dtype=torch.float64) / factor
    return steps, (centres[:, None] - shape.joints[1]).abs().amin(dim=1)


def profile(steps: Tensor, away: Tensor, shape: Geometry, bins: int = 16) -> Tensor:
    """Return the mean of the steps in equal bins of the distance, from a joint to a middle."""
    place = (away / (shape.stride / 2) * bins).long().clamp(max=bins - 1)
    return torch.stack([steps[place == k].mean() for k in range(bins)])


def plot(profiles: dict[str, dict[str, Tensor]], file: Path) -> None:
    """Draw a curve for each way of joining, a panel for each layer."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(
        1, len(profiles), figsize=(2.6 * len(profiles), 2.8), sharey=True, layout="constrained"
    )
    for panel, (layer, curves) in zip(panels, profiles.items(), strict=True):
        panel.axhline(1, color="0.7", linewidth=1)
        for label, curve in curves.items():
            place = (torch.arange(len(curve)) + 0.5) / len(curve)
            panel.plot(place, curve, label=label)
        panel.set_title(f"joined at {layer}")
        panel.set_xlabel("joint → middle of a tile")
    panels[0].set_ylabel("step between columns\n(inside of tiles = 1)")
    panels[-1].legend(frameon=False)
    figure.savefig(file, dpi=110)


# --- guidance ------------------------------------------------------------------------------------


def guided(generator: Generator, options: argparse.Namespace) -> None:
    """Print what the choice of tiles costs, and how far the drawn picture is from its guide."""
    n, bank = options.grid, options.bank
    shape = geometry(generator, 16, (n, n))
    scale = 2
    tiles = thumbnails(generator, shape, SEED, 1.0, bank, scale, print)
    guides = guides_of(Path(options.guide), shape, scale)
    data = distances(tiles, guides.flatten(0, 1)).view(n, n, -1)
    candidates = data.topk(min(16, bank), dim=2, largest=False).indices
    strip = shape.overlap * scale
    target = guide_of(guides, shape, scale)
    print(
        "| λ | colour error of tiles | disagreement of neighbours | tiles swapped | drawn: colour "
        "error | drawn: LPIPS | steps at joints ÷ inside |\n|---|---|---|---|---|---|---|"
    )
    for weight in (0.0, 0.25, 0.5, 1.0, 2.0):
        choice = refine(candidates[..., 0], candidates, data, tiles, strip, weight, 20)
        chosen = tiles[choice]
        likeness = data.gather(2, choice[..., None]).mean()
        across = disagreement(chosen[:, :-1], chosen[:, 1:], strip, -2).flatten()
        down = disagreement(chosen[:-1], chosen[1:], strip, -3).flatten()
        seam = torch.cat([across, down]).mean()
        swapped = int((choice != candidates[..., 0]).sum())
        drawn, ratio = drawn_small(generator, shape, choice, target.shape[-1])
        error = (drawn.clamp(-1, 1) - target).square().mean().sqrt()
        print(
            f"| {weight} | {127.5 * likeness.sqrt():.1f} | {127.5 * seam.sqrt():.1f} | {swapped} | "
            f"{127.5 * error:.1f} | {lpips(drawn, target):.3f} | {ratio:.3f} |",
            flush=True,
        )


def guide_of(guides: Tensor, shape: Geometry, scale: int) -> Tensor:
    """Put the overlapping parts of a guide together again: (1, 3, H, W) in [−1, 1]."""
    stride = shape.stride * scale
    height, width = (side * scale for side in shape.size)
    out = torch.zeros(1, 3, height, width)
    for row in range(shape.rows):
        for column in range(shape.columns):
            part = guides[row, column].permute(2, 0, 1)
            top, left = row * stride, column * stride
            out[0, :, top : top + part.shape[1], left : left + part.shape[2]] = part
    return out


def drawn_small(
    generator: Generator, shape: Geometry, choice: Tensor, width: int
) -> tuple[Tensor, float]:
    """Draw the whole picture square by square; return it shrunk, and its steps at joints ÷ inside.

    Args:
        generator: Draws.
        shape: The grid.
        choice: The member of the bank of each tile.
        width: Of the thumbnail.
    """
    latents = from_bank(choice, generator, 1.0)
    canvas = Canvas(generator, shape, lambda tile: latents.rows(generator, SEED, tile), SEED)
    factor = canvas.width // width
    small = torch.zeros(1, 3, canvas.height // factor, width)
    steps = torch.zeros(canvas.width - 1)
    for window in raster(canvas.height, canvas.width, SQUARE):
        image = canvas.draw(window).clamp(-1, 1)
        rows, columns = window.divided(factor).inside(Window(0, 0, 0, 0))
        small[..., rows, columns] = F.avg_pool2d(image, factor)
        steps[window.left : window.right - 1] += image.diff(dim=3).abs().mean((0, 1)).sum(0)
    centres = torch.arange(1, canvas.width, dtype=torch.float64) * shape.size[1] / canvas.width
    away = (centres[:, None] - shape.joints[1]).abs().amin(dim=1)
    drawn = steps > 0
    at, inside = (steps[drawn & near] for near in (away <= 0.5, away > shape.stride / 4))
    return small, float(at.mean() / inside.mean())


def lpips(a: Tensor, b: Tensor) -> float:
    """Return LPIPS (VGG16) of two thumbnails (1, 3, H, W) in [−1, 1]."""
    from ganvas.network.lpips import perceptual_distance

    distance = perceptual_distance("vgg", "cpu")
    with torch.no_grad():
        return float(distance(a.clamp(-1, 1), distance.reference(b)))


# --- chunks --------------------------------------------------------------------------------------


def families() -> Iterator[Generator]:
    """Iterate over small generators of random weights, of every family that can be tiled."""
    channels, mapping = (32, 32, 32, 32, 24, 16), (64, 64, 64)
    yield TinyGenerator(128, 16, 32)
    yield random_generator(StyleGAN1Architecture(mapping, channels))
    yield random_generator(StyleGAN2Architecture(mapping, channels, layout="skip"))
    yield random_generator(StyleGAN2Architecture(mapping, channels, layout="resnet"))
    yield random_generator(StyleGAN2Architecture(mapping, channels, layout="orig"))


def whole(trained: Generator) -> None:
    """Print the largest difference of squares from a picture drawn at once, per family."""
    print("| generator | joined at | largest difference ÷ largest value |\n|---|---|---|")
    for generator in [*families(), trained]:
        layout = getattr(getattr(generator, "architecture", None), "layout", "")
        name = f"{generator.name} {layout} {generator.resolution}²"
        for resolution in sorted({layer.resolution for layer in generator.layers})[1:-1]:
            shape = geometry(generator, resolution, (2, 3))
            worst = chunked(canvas_of(generator, shape), generator.resolution // 2)
            print(f"| {name} | {resolution}² | {worst:.1e} |", flush=True)


def chunked(canvas: Canvas, side: int) -> float:
    """Return the largest difference of squares of `side` pixels, relative to the largest value."""
    image = canvas.draw(Window(0, canvas.height, 0, canvas.width))
    worst = 0.0
    for window in raster(canvas.height, canvas.width, side):
        part = canvas.draw(window)
        expected = image[..., window.top : window.bottom, window.left : window.right]
        worst = max(worst, float((part - expected).abs().max()))
    return worst / float(image.abs().max())


if __name__ == "__main__":
    main()
