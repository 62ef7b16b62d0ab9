"""A canvas on a GPU: its picture is that of the CPU, and drawing it waits for nothing."""

from __future__ import annotations

import pytest
import torch

from ganvas.generator.base import Generator
from ganvas.generator.stylegan1 import StyleGAN1
from ganvas.tile.canvas import Canvas
from ganvas.tile.geometry import geometry
from ganvas.tile.overlay import Overlay, mask_side
from ganvas.tile.statistics import frozen, measured
from ganvas.tile.window import Window
from pretended_gpu import pretended_gpu, waits

NOTHING = torch.zeros(1, dtype=torch.int64), torch.ones(1)


def drawn(generator: Generator) -> tuple[torch.Tensor, list[str]]:
    """Return a picture of six tiles and a part of a seventh, and what was waited for."""
    shape = geometry(generator, 16, (2, 3))
    w = generator.sample_w(7, torch.Generator().manual_seed(1))
    rows = [generator.broadcast(one[None]) for one in w]
    rest = None
    if isinstance(generator, StyleGAN1):
        rest = frozen(generator, measured(generator, rows, generator.fixed_noise()))
    mask = torch.zeros(mask_side(shape), mask_side(shape), dtype=torch.uint8)
    mask[: len(mask) // 2] = 255
    canvas = Canvas(
        generator, shape, lambda tile: rows[3 * tile[0] + tile[1]], 5, rest,
        [(Overlay((0, 1), *NOTHING, mask), rows[6])],
    )  # fmt: skip
    window = Window(0, canvas.height, 0, canvas.width)
    canvas.draw(Window(0, 8, 0, 8))  # the quantiles of the noise go to the device once
    before = len(waits)
    picture = canvas.draw(window)
    return picture, waits[before:]


@pytest.mark.parametrize("family", ["tiny", "mobilestylegan", "stylegan1"], indirect=True)
def test_a_picture_waits_for_nothing_and_is_that_of_the_cpu(family):
    here, _ = drawn(family)
    with pretended_gpu():
        there, waited = drawn(family.to("cuda"))
        there = there.cpu()
    assert waited == []
    assert (there - here).abs().max() < 1e-5 * here.abs().max()
