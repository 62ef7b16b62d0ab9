"""What an image costs where several are drawn together: a latent step with MSE."""

from __future__ import annotations

from collections.abc import Callable

from ganvas.generator import Generator
from ganvas.generator.config import loaded
from ganvas.generator.tiny import TinyConfig
from speed.clock import by_turns
from speed.networks import NARROW, stylegan2
from speed.table import Rows, table

IMAGES = (1, 2, 4, 8)


def step(generator: Generator, images: int) -> Callable[[], object]:
    """Return a pass of so many images through the generator and back."""
    w = generator.broadcast(generator.w_avg[None]).repeat(images, 1, 1).requires_grad_()
    noise = generator.sample_noise(images)
    return lambda: generator(w, noise).square().mean().backward()


def measure() -> Rows:
    """Return the CPU milliseconds of an image, by generator and images drawn together."""
    generators = {
        "tiny, 64²": loaded(TinyConfig(resolution=64)),
        "StyleGAN2 with a quarter of its channels, 64²": stylegan2(NARROW[64]),
        "the same at 256²": stylegan2(NARROW[256]),
    }
    rows: Rows = []
    for name, generator in generators.items():
        seconds = by_turns({str(n): step(generator, n) for n in IMAGES}, rounds=9)
        rows += [{"generator": name, "images": n, "milliseconds": 1000 * seconds[str(n)] / n}
                 for n in IMAGES]  # fmt: skip
    return rows


def page(rows: Rows) -> str:
    """Return the table of the page."""
    names = list(dict.fromkeys(str(row["generator"]) for row in rows))
    cells = {(row["generator"], row["images"]): f"{row['milliseconds']:.1f}" for row in rows}
    return table(
        ("CPU ms for each of so many images", *map(str, IMAGES)),
        [(name, *(cells[name, n] for n in IMAGES)) for name in names],
    )
