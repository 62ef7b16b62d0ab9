"""Another latent in a part of a tile."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from ganvas.generator.tiny_network import TinyGenerator
from ganvas.tile.canvas import Canvas
from ganvas.tile.geometry import geometry
from ganvas.tile.overlay import FINENESS, Overlay, mask_over, mask_side, read_mask, within, zone
from ganvas.tile.window import Window

NOTHING = torch.zeros(1, dtype=torch.int64), torch.ones(1)


@pytest.fixture(scope="module")
def generator():
    return TinyGenerator(64, 8, 8)


@pytest.fixture(scope="module")
def shape(generator):
    return geometry(generator, 16, (2, 3))


def picture(generator, shape, overlays=(), changed=None):
    w = generator.sample_w(8, torch.Generator().manual_seed(1))
    latents = [generator.broadcast(one[None]) for one in w]

    def latent(tile):
        return latents[7] if tile == changed else latents[3 * tile[0] + tile[1]]

    canvas = Canvas(generator, shape, latent, 5, overlays=[(one, latents[7]) for one in overlays])
    return canvas, canvas.draw(Window(0, canvas.height, 0, canvas.width))


def test_a_white_mask_is_another_tile_and_a_black_one_none(generator, shape):
    _, before = picture(generator, shape)
    _, after = picture(generator, shape, changed=(0, 1))
    side = mask_side(shape)
    for value, expected in ((255, after), (0, before)):
        mask = torch.full((side, side), value, dtype=torch.uint8)
        _, drawn = picture(generator, shape, [Overlay((0, 1), *NOTHING, mask)])
        torch.testing.assert_close(drawn, expected, rtol=1e-4, atol=1e-5)
    assert (after - before).abs().max() > 1e-2


def test_half_a_mask_changes_half_a_tile(generator, shape):
    _, before = picture(generator, shape)
    _, other = picture(generator, shape, changed=(0, 1))
    mask = torch.zeros(mask_side(shape), mask_side(shape), dtype=torch.uint8)
    first, _ = zone(shape, 1)
    middle = shape.stride + shape.crop // 2
    mask[:, (middle - first) * FINENESS :] = 255
    canvas, drawn = picture(generator, shape, [Overlay((0, 1), *NOTHING, mask)])
    joint = middle * canvas.width // shape.size[1]
    reach = 4 * canvas.width // shape.size[1]
    torch.testing.assert_close(drawn[..., : joint - reach], before[..., : joint - reach])
    right = slice(joint + reach, None)
    torch.testing.assert_close(drawn[..., right], other[..., right], rtol=1e-4, atol=1e-5)
    # Windows of it agree with the whole.
    window = Window(11, 60, joint - 20, joint + 31)
    part = canvas.draw(window)
    expected = drawn[..., 11:60, joint - 20 : joint + 31]
    assert (part - expected).abs().max() < 3e-6 * drawn.abs().max()


def test_a_mask_is_read_at_its_place(tmp_path, shape):
    height, width = (8 * side for side in shape.size)
    white = np.zeros((height, width), dtype=np.uint8)
    top, left = 16, 8 * shape.stride + 8
    white[top : top + 24, left : left + 40] = 255
    file = tmp_path / "mask.png"
    Image.fromarray(white).save(file)
    overlay = Overlay((0, 1), *NOTHING, read_mask(file, shape, (0, 1)))
    rows, columns = (torch.arange(side, dtype=torch.float64) + 0.5 for side in shape.size)
    over = mask_over(overlay, shape, rows, columns)
    expected = torch.from_numpy(white).float().view(shape.size[0], 8, shape.size[1], 8)
    torch.testing.assert_close(over, expected.mean(dim=(1, 3)) / 255, atol=0.02, rtol=0)


def test_a_mask_is_read_as_those_of_runs_are(tmp_path, shape):
    y, x = np.mgrid[:40, :60]
    levels = ((y * 60 + x) * 255 // 2400).astype(np.uint8)
    plain = Image.fromarray(levels)
    plain.save(tmp_path / "plain.png")
    Image.fromarray(levels.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    black = Image.new("RGBA", plain.size)
    black.putalpha(plain)
    black.save(tmp_path / "alpha.png")
    expected, *others = (
        read_mask(tmp_path / f"{name}.png", shape, (0, 1)) for name in ("plain", "deep", "alpha")
    )
    assert 0 < expected.float().mean() < 255
    for other in others:
        assert torch.equal(other, expected)


def test_a_white_mask_is_white_up_to_the_edge_of_the_canvas(tmp_path, shape):
    file = tmp_path / "white.png"
    Image.new("L", (30, 20), 255).save(file)
    corner = (shape.rows - 1, shape.columns - 1)
    for tile in ((0, 0), corner):
        overlay = Overlay(tile, *NOTHING, read_mask(file, shape, tile))
        first = [max(zone(shape, number)[0], 0) for number in tile]
        last = [min(zone(shape, n)[1], side) for n, side in zip(tile, shape.size, strict=True)]
        # Pixels at 16 of them for each sample of the joined layer.
        rows, columns = (
            (torch.arange(16 * (b - a), dtype=torch.float64) + 0.5) / 16 + a
            for a, b in zip(first, last, strict=True)
        )
        over = mask_over(overlay, shape, rows, columns)
        # Where the zone ends inside of the canvas, the tile counts nothing.
        inside = over[:16, :16] if tile == (0, 0) else over[-16:, -16:]
        assert inside.min() == 1


def test_layers_within_a_mask_count_what_they_did_times_the_mask(shape):
    side = mask_side(shape)
    rng = torch.Generator().manual_seed(0)
    mask, *masks = torch.randint(0, 256, (4, side, side), generator=rng, dtype=torch.uint8)
    mask[:4], masks[2][2:9] = 255, 255
    layers = [Overlay((0, 0), torch.tensor([k]), torch.ones(1), m) for k, m in enumerate(masks)]

    def blended(below, overlays):
        for one in overlays:
            below = torch.lerp(below, values[one.ids.item()], one.mask.double() / 255)
        return below

    values = torch.tensor([0.2, 0.5, 0.9, 0.4], dtype=torch.float64)
    lowest = Overlay((0, 0), torch.tensor([3]), torch.ones(1), mask)
    copied = blended(values[3].expand(side, side), layers)
    expected = torch.lerp(torch.tensor(-1.0).double(), copied, mask.double() / 255)
    found = blended(torch.full((side, side), -1.0).double(), within(mask, lowest, layers))
    assert (found - expected).abs().max() < 0.02


def test_overlays_lie_over_each_other_in_their_order(generator, shape):
    side = mask_side(shape)
    full = torch.full((side, side), 255, dtype=torch.uint8)
    _, twice = picture(generator, shape, [Overlay((0, 0), *NOTHING, full)] * 2)
    _, once = picture(generator, shape, [Overlay((0, 0), *NOTHING, full)])
    torch.testing.assert_close(twice, once, rtol=1e-4, atol=1e-5)
