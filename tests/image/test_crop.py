"""What is drawn over a whole photograph is cut as the photograph is."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganvas.errors import InputError
from ganvas.image.align import FaceSquare
from ganvas.image.crop import cut, cut_layer, is_over_whole
from ganvas.image.source import Source

TILTED = FaceSquare((30.0, -20.0), (90.0, 40.0))
"""A square that leaves a photograph of 160×120 on two sides."""


@pytest.fixture
def face(monkeypatch):
    monkeypatch.setattr("ganvas.image.align.find_square", lambda picture, name: TILTED)


def patches(height=120, width=160, seed=0):
    """Draw white patches on black, none of them next to the border: (H, W) of 0 and 255."""
    rng, drawn = np.random.default_rng(seed), np.zeros((height, width), np.uint8)
    for _ in range(6):
        top, left = rng.integers(8, height - 40), rng.integers(8, width - 40)
        drawn[top : top + 30, left : left + 30] = 255
    return drawn


def places(square, size):
    """Return x and y (size, size) in the photograph of the centre of each pixel of a cut."""
    steps = (np.arange(size) + 0.5) / size
    across = np.array(square.side)
    down = np.array([-across[1], across[0]])
    points = np.array(square.corner) + steps[None, :, None] * across + steps[:, None, None] * down
    return points[..., 0], points[..., 1]


@pytest.mark.parametrize("crop", ["centre", (13, 7, 93, 87)])
@pytest.mark.parametrize("mode", ["F", "RGBA"])
def test_a_box_is_cut_out_of_a_layer(crop, mode):
    drawn = patches()
    layer = Image.fromarray(drawn).convert(mode)
    found = cut_layer(layer, Image.new("RGB", (160, 120)), crop, Path("a"), 80)
    expected = drawn[:, 20:140] if crop == "centre" else drawn[7:87, 13:93]
    assert found.mode == mode
    values = np.asarray(found)
    assert np.array_equal(values if mode == "F" else values[..., 0], expected)


@pytest.mark.parametrize("size", [32, 64, 200])
def test_a_face_is_cut_out_of_a_layer_where_it_is_cut_out_of_the_photograph(face, size):
    """What is white in both is white in both cuts; beyond the photograph the layer is 0."""
    drawn = patches()
    photograph = Image.fromarray(drawn).convert("RGB")
    layer = Image.fromarray(drawn.astype(np.float32) / 255)
    mask = np.asarray(cut_layer(layer, photograph, "ffhq", Path("a"), size))
    picture = np.asarray(TILTED.cut(photograph, size))[..., 0] / 255
    x, y = places(TILTED, size)
    inside = (x > 0) & (x < 160) & (y > 0) & (y < 120)
    assert 0.1 < inside.mean() < 0.95
    assert mask[~inside].max() == 0
    assert picture[~inside].max() > 0.9  # mirrored
    # Lanczos and the box differ by less than half of an edge's step.
    assert np.array_equal(mask[inside] > 0.75, (mask > 0.75)[inside] & (picture > 0.5)[inside])
    assert np.abs(mask - picture)[inside].max() < 0.3
    assert np.abs(mask - picture)[inside].mean() < 0.02
    # Two pixels of the cut away from each edge, the value is the drawn one, exactly.
    reach = 2 * TILTED.length / size
    for value in (0, 255):
        around = [
            drawn[np.clip(y + dy, 0, 119).astype(int), np.clip(x + dx, 0, 159).astype(int)] == value
            for dy in (-reach, 0, reach) for dx in (-reach, 0, reach)
        ]  # fmt: skip
        deep = np.logical_and.reduce(around) & inside
        deep &= (x > reach) & (x < 160 - reach) & (y > reach) & (y < 120 - reach)
        assert deep.any()
        np.testing.assert_allclose(mask[deep], value / 255, atol=1e-6)


def test_what_is_square_lies_over_the_cut_photograph():
    assert is_over_whole((160, 120), (160, 120))
    assert not is_over_whole((120, 160), (160, 120))
    assert not is_over_whole((120, 120), (120, 120))


@pytest.mark.parametrize("crop", ["centre", (13, 7, 93, 87)])
def test_an_overlay_of_the_photographs_size_is_cut_as_it_is(tmp_path, crop):
    red = np.zeros((120, 160, 4), np.uint8)
    red[patches() > 0] = (255, 0, 0, 255)
    Image.fromarray(red).save(tmp_path / "o.png")
    blue = Image.new("RGB", (160, 120), "blue")
    blue.save(tmp_path / "p.png")
    (found,) = Source(tmp_path / "p.png", crop, tmp_path / "o.png").read().values()
    blue.paste((255, 0, 0), mask=Image.fromarray(patches()))
    assert np.array_equal(np.asarray(found), np.asarray(cut(blue, crop, Path("a"))))


def test_an_overlay_of_a_face_is_not_mirrored(tmp_path, face):
    Image.new("RGBA", (160, 120), "red").save(tmp_path / "o.png")
    Image.new("RGB", (160, 120), "blue").save(tmp_path / "p.png")
    (found,) = Source(tmp_path / "p.png", "ffhq", tmp_path / "o.png").read().values()
    x, y = places(TILTED, found.width)
    deep = (x > 4) & (x < 156) & (y > 4) & (y < 116)
    beyond = (x < -4) | (x > 164) | (y < -4) | (y > 124)
    assert deep.any()
    assert beyond.any()
    assert (np.asarray(found)[deep] == (255, 0, 0)).all()
    assert (np.asarray(found)[beyond] == (0, 0, 255)).all()


def test_an_overlay_of_another_size_is_told_which_ones_fit(tmp_path):
    Image.new("RGBA", (64, 32)).save(tmp_path / "o.png")
    Image.new("RGB", (160, 120)).save(tmp_path / "p.png")
    with pytest.raises(InputError, match=r"o\.png is 64×32.*square.*p\.png, 160×120"):
        Source(tmp_path / "p.png", overlay=tmp_path / "o.png").read()


@pytest.mark.parametrize(("crop", "told"), [((0, 0, 50, 50), True), ("centre", False)])
def test_a_square_overlay_of_a_square_photograph_that_is_cut_says_where_it_lies(
    tmp_path, caplog, crop, told
):
    Image.new("RGBA", (100, 100), "red").save(tmp_path / "o.png")
    Image.new("RGB", (100, 100), "blue").save(tmp_path / "p.png")
    (found,) = Source(tmp_path / "p.png", crop, tmp_path / "o.png").read().values()
    assert found.size == (100, 100)
    assert (np.asarray(found) == (255, 0, 0)).all()
    assert ("lies over the cut photograph" in caplog.text) == told
