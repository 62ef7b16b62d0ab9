"""A canvas: windows equal the whole, one tile equals the generator, and styles vary over space."""

from __future__ import annotations

import pytest
import torch

from ganvas.errors import ConfigError
from ganvas.functional.philox import normal_field
from ganvas.generator.architecture import StyleGAN3Architecture
from ganvas.generator.random_weights import random_generator
from ganvas.generator.stylegan1 import StyleGAN1
from ganvas.generator.tiny_network import TinyGenerator
from ganvas.tile.canvas import CANVAS_NOISE, TILE_NOISE, Canvas
from ganvas.tile.geometry import geometry
from ganvas.tile.statistics import frozen, measured
from ganvas.tile.window import Window


def latents_of(generator, same=False):
    w = generator.sample_w(12, torch.Generator().manual_seed(1))
    return lambda tile: generator.broadcast(w[[0 if same else 4 * tile[0] + tile[1]]])


def canvas_of(generator, layer, grid=(2, 3), same=False, **options):
    latents, rest = latents_of(generator, same), None
    if isinstance(generator, StyleGAN1):
        rows = [latents((0, column)) for column in range(3)]
        rest = frozen(generator, measured(generator, rows, generator.fixed_noise()))
    return Canvas(generator, geometry(generator, layer, grid, **options), latents, 5, rest)


def whole(canvas):
    return Window(0, canvas.height, 0, canvas.width)


def test_a_window_equals_the_whole_to_rounding(family):
    for layer in family.layers[1:-1:3]:
        canvas = canvas_of(family, layer.name)
        image = canvas.draw(whole(canvas))
        assert image.std() > 1e-3
        for top, left in ((13, 27), (canvas.height - 22, canvas.width - 20)):
            window = Window(top, top + 22, left, left + 20)
            part = canvas.draw(window)
            expected = image[..., top : top + 22, left : left + 20]
            assert (part - expected).abs().max() < 3e-6 * image.abs().max(), layer.name


# StyleGAN1 draws with frozen statistics, which are not those of one tile.
@pytest.mark.parametrize(
    "family",
    [
        "tiny", "mobilestylegan", "stylegan2", "stylegan2 resnet", "stylegan2 orig",
        "stylegan2 without noise",
    ],
    indirect=True,
)  # fmt: skip
def test_one_whole_tile_is_the_picture_of_the_generator(family):
    # The prefix and the rest have the noise of their addresses.
    layer = family.layers[3]
    latents = latents_of(family)
    canvas = canvas_of(family, layer.name, (1, 1), crop=layer.resolution, overlap=0)
    noise = (
        [
            normal_field(5, (TILE_NOISE if i <= layer.noise else CANVAS_NOISE, i), 0, 0, r, r)[
                None, None
            ]
            for i, r in enumerate(family.noise_resolutions)
        ]
        if layer.noise is not None
        else []
    )
    expected = family(latents((0, 0)), noise)
    torch.testing.assert_close(canvas.draw(whole(canvas)), expected, rtol=1e-5, atol=1e-5)


def test_equal_tiles_are_drawn_with_their_one_style(family):
    # Interpolating equal styles must give what a style for the whole image gives.
    layer = family.layers[4].name
    canvas = canvas_of(family, layer, (2, 2), same=True)
    image = canvas.draw(whole(canvas))
    canvas._styles_in = lambda window, index: family.styles(latents_of(family)((0, 0)))
    torch.testing.assert_close(canvas.draw(whole(canvas)), image, rtol=1e-4, atol=1e-4)


def test_styles_of_two_tiles_meet_in_the_middle(family):
    canvas = canvas_of(family, family.layers[4].name, (1, 2))
    height, width = canvas.geometry.size
    field = canvas._styles_in(Window(0, height, 0, width), canvas.join)[-1]
    first, second = (family.styles(canvas.latents((0, k)))[-1][0] for k in (0, 1))
    torch.testing.assert_close(field[0, :, 0, 0], first)
    torch.testing.assert_close(field[0, :, 0, -1], second)
    # Centres of samples lie on both sides of the joint.
    middle = field[0, :, 0, width // 2 - 1 : width // 2 + 1].mean(dim=1)
    torch.testing.assert_close(middle, (first + second) / 2)


def test_a_window_depends_on_no_other_tiles_than_it_says():
    generator = TinyGenerator(64, 8, 8)
    canvas = canvas_of(generator, 8, (3, 4))
    window = Window(0, 24, 0, 24)
    said, before, latents = canvas.tiles(window), canvas.draw(window), canvas.latents
    other = generator.broadcast(generator.sample_w(1, torch.Generator().manual_seed(9)))

    def change(tile):
        changed = Canvas(
            generator, canvas.geometry, lambda t: other if t == tile else latents(t), 5
        )
        return not torch.equal(changed.draw(window), before)

    changing = {(r, c) for r in range(3) for c in range(4) if change((r, c))}
    assert changing <= said
    assert (0, 0) in changing
    assert len(said) <= 9


def test_bad_geometries_are_one_line():
    generator = TinyGenerator(64, 8, 8)
    for options, words in {
        ("64x64.conv1", None, None): "the last one",
        ("7x7", None, None): "no layer '7x7'",
        (12, None, None): "no layer at 12²",
        (16, 7, None): "crop=7: of 16 samples",
        (16, 20, None): "crop=20",
        (16, 8, 3): "overlap=3",
        (16, 8, 6): "overlap=6",
    }.items():
        layer, crop, overlap = options
        with pytest.raises(ConfigError, match=words):
            geometry(generator, layer, (2, 2), crop, overlap=overlap)


def test_stylegan3_is_refused():
    generator = random_generator(
        StyleGAN3Architecture(
            mapping=(8, 8), resolution=16, channel_base=128, channel_max=6, layers=4
        )
    )
    with pytest.raises(ConfigError, match="stylegan3 cannot be tiled"):
        geometry(generator, generator.layers[1].name, (2, 2))
