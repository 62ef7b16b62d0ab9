import math

import pytest
import torch

from ganvas.errors import ConfigError
from ganvas.mask import Box, Canvas, Ellipse, Full, Half, Missing, Paint, Polygon, Stroke


@pytest.fixture
def canvas() -> Canvas:
    return Canvas({"x": torch.zeros(2, 3, 64, 64)}, seed=3)


def test_ellipse_has_the_area_of_an_ellipse_wherever_it_turns(canvas):
    for angle in (0, 30, 90):
        mask = Ellipse(0.5, 0.5, 0.2, 0.3, angle).draw(canvas)
        assert mask.shape == (2, 1, 64, 64)
        assert mask.mean().item() == pytest.approx(math.pi * 0.2 * 0.3, rel=0.03)
    assert torch.equal(Ellipse(0.5, 0.5, 0.2, 0.3, 90).draw(canvas),
                       Ellipse(0.5, 0.5, 0.3, 0.2, 0).draw(canvas))  # fmt: skip


@pytest.mark.parametrize(("angle", "inside", "outside"), [
    (0, (32, 2), (32, 61)), (90, (2, 32), (61, 32)), (180, (32, 61), (32, 2)),
    (270, (61, 32), (2, 32)), (45, (2, 2), (61, 61)),
])  # fmt: skip
def test_half_lies_where_its_angle_points(canvas, angle, inside, outside):
    mask = Half(angle).draw(canvas)[0, 0]
    assert mask[inside] == 1
    assert mask[outside] == 0
    assert mask.mean().item() == pytest.approx(0.5, abs=0.02)


def test_half_offset_moves_the_edge_outwards(canvas):
    assert Half(0, offset=0.25).draw(canvas).mean().item() == pytest.approx(0.75, abs=0.01)


@pytest.mark.parametrize("shape", ["pixels", "blocks", "stripes"])
def test_missing_drops_at_its_rate_and_repeats_from_the_seed(shape):
    canvas = Canvas({"x": torch.zeros(2, 3, 256, 256)}, seed=1)
    mask = Missing(0.3, shape, 0.02).draw(canvas)
    assert set(mask.unique().tolist()) == {0.0, 1.0}
    assert mask.mean().item() == pytest.approx(0.3, abs=0.15 if shape == "stripes" else 0.05)
    assert torch.equal(mask, Missing(0.3, shape, 0.02).draw(canvas))
    assert torch.equal(mask[0], mask[1])
    other = Missing(0.3, shape, 0.02).draw(Canvas(canvas.images, seed=2))
    assert not torch.equal(mask, other)


def test_masks_of_different_seeds_miss_different_pixels():
    canvas = Canvas({"x": torch.zeros(1, 3, 128, 128)}, seed=1)
    first, second = (Missing(0.5, seed=seed).draw(canvas) for seed in (0, 1))
    # Two independent halves are both missing in a quarter.
    assert (first * second).mean().item() == pytest.approx(0.25, abs=0.02)
    assert not torch.equal(second, Missing(0.5).draw(Canvas(canvas.images, seed=2)))


def test_missing_blocks_and_stripes_have_their_shapes(canvas):
    blocks = Missing(0.5, "blocks", 8 / 64).draw(canvas)[0, 0]
    tiles = blocks.view(8, 8, 8, 8).transpose(1, 2)
    assert torch.equal(tiles, tiles[..., :1, :1].expand_as(tiles))
    stripes = Missing(0.5, "stripes", 4 / 64).draw(canvas)[0, 0]
    assert torch.equal(stripes, stripes[:, :1].expand(-1, 64))


def test_paint_covers_the_capsule_of_a_stroke(canvas):
    mask = Paint((Stroke(((0.25, 0.5), (0.75, 0.5)), 0.2),)).draw(canvas)
    capsule = 0.5 * 0.2 + math.pi * 0.1**2
    assert mask.mean().item() == pytest.approx(capsule, rel=0.06)
    dot = Paint((Stroke(((0.5, 0.5),), 0.5),)).draw(canvas)
    assert dot.mean().item() == pytest.approx(math.pi * 0.25**2, rel=0.03)


def test_full_and_box_cover_what_they_say(canvas):
    assert Full().draw(canvas).min() == 1
    assert Box(0.25, 0, 0.75, 1).draw(canvas).mean().item() == 0.5


def test_void_descriptions_are_refused():
    with pytest.raises(ConfigError, match="at least one stroke"):
        Paint(())
    with pytest.raises(ConfigError, match="at least one point"):
        Stroke(())
    with pytest.raises(ConfigError, match="left < right"):
        Box(0.5, 0.0, 0.5, 1.0)


def test_a_polygon_is_inside_of_its_corners(canvas):
    triangle = Polygon(((0.1, 0.1), (0.9, 0.1), (0.1, 0.9))).draw(canvas)
    assert triangle.shape == (2, 1, 64, 64)
    assert triangle.mean().item() == pytest.approx(0.32, abs=0.01)
    assert triangle[0, 0, 10, 10] == 1
    assert triangle[0, 0, 50, 50] == 0
    # A star: where it covers itself twice the even-odd rule leaves a hole.
    star = [(0.5, 0.05), (0.78, 0.9), (0.05, 0.36), (0.95, 0.36), (0.22, 0.9)]
    drawn = Polygon(tuple(star)).draw(canvas)[0, 0]
    assert drawn[32, 32] == 0
    assert drawn[12, 32] == 1
    assert torch.equal(drawn, Polygon(tuple(star[::-1])).draw(canvas)[0, 0])
    with pytest.raises(ConfigError, match="at least three points"):
        Polygon(((0.0, 0.0), (1.0, 1.0)))
