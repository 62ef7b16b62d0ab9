"""StyleGAN1 on a canvas: its instance normalisation, frozen per layer.

Alone, each image is normalised by its own means and deviations. A window of a canvas has others
than the whole, so behind the joint every layer keeps those of a few tiles together, as if the
canvas were the mosaic of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import torch

from ganvas.functional.tiling import pooled

if TYPE_CHECKING:
    from torch import Tensor

    from ganvas.generator.base import Generator


def needs_statistics(generator: Generator) -> bool:
    """Return True for a family that normalises each image by its own statistics."""
    from ganvas.generator.stylegan1 import StyleGAN1

    return isinstance(generator, StyleGAN1)


@torch.no_grad()
def measured(
    generator: Generator, rows: Iterable[Tensor], noise: Sequence[Tensor]
) -> list[tuple[Tensor, Tensor]]:
    """Return mean and deviation (1, C, 1, 1) of each layer over some images together.

    Args:
        generator: A StyleGAN1.
        rows: w+ (1, rows, w_dim) of each image, drawn one at a time.
        noise: The noise maps of all of them.
    """
    images = [generator.freeze_statistics(w, noise).statistics for w in rows]  # type: ignore[operator]
    return [pooled(layer) for layer in zip(*images, strict=True)]


def frozen(generator: Generator, statistics: Sequence[tuple[Tensor, Tensor]]) -> Generator:
    """Return the generator with these statistics; the weights are shared."""
    return generator.with_statistics(statistics)  # type: ignore[operator,no-any-return]
