"""FFHQ's square, cutting it out and pasting it back."""

import numpy as np
import pytest
from PIL import Image

from ganvas.errors import InputError
from ganvas.image.align import FaceSquare, ffhq_square, find_square


def smooth(width, height):
    """A picture whose colours follow the place: red x, green y."""
    y, x = np.mgrid[:height, :width]
    pixels = np.stack([x * 255 / width, y * 255 / height, 128 + 0 * x], axis=-1)
    return Image.fromarray(pixels.astype(np.uint8))


def test_an_upright_face():
    square = ffhq_square(np.array([[90.0, 100], [110, 100]]), np.array([[92.0, 120], [108, 120]]))
    # Half a side: max(2 · 20 between the eyes, 1.8 · 20 from eyes to mouth) = 40 around (100, 102).
    assert square.corner == pytest.approx((60, 62))
    assert square.side == pytest.approx((80, 0))


def test_the_square_turns_and_grows_with_the_face():
    eyes, mouth = np.array([[-10.0, 0], [10, 0]]), np.array([[-8.0, 25], [8, 25]])
    upright = ffhq_square(eyes, mouth)
    angle = np.deg2rad(30)
    turn = 3 * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned = ffhq_square(eyes @ turn.T + 7, mouth @ turn.T + 7)
    np.testing.assert_allclose(turned.points(), upright.points() @ turn.T + 7, atol=1e-9)
    assert turned.length == pytest.approx(3 * upright.length)
    assert upright.length == pytest.approx(2 * 1.8 * 25)


def test_a_cut_shows_what_stands_in_the_square():
    square = FaceSquare((60.0, 40.0), (80.0, 20.0))
    crop = np.asarray(square.cut(smooth(256, 256), 64), float)
    corners = square.points()
    for u, v in ((0.25, 0.25), (0.75, 0.25), (0.5, 0.5), (0.25, 0.75)):
        place = corners[0] + u * (corners[3] - corners[0]) + v * (corners[1] - corners[0])
        found = crop[int(v * 64), int(u * 64)]
        np.testing.assert_allclose(found[:2], place * 255 / 256, atol=2)


@pytest.mark.parametrize("size", [64, 200])
def test_pasting_the_same_crop_back_changes_nothing(size):
    photograph = smooth(256, 256)
    square = FaceSquare((60.0, 40.0), (120.0, 30.0))
    back = square.paste(photograph, square.cut(photograph, size))
    difference = np.abs(np.asarray(back, int) - np.asarray(photograph, int))
    assert difference.max() <= 4
    assert difference.mean() < 0.5


def test_an_edit_changes_the_inside_only():
    photograph = smooth(256, 256)
    square = FaceSquare((60.0, 40.0), (120.0, 30.0))
    back = np.asarray(square.paste(photograph, Image.new("RGB", (100, 100))), int)
    before = np.asarray(photograph, int)
    centre = square.points().mean(axis=0).astype(int)
    assert back[centre[1], centre[0]].max() == 0
    assert np.array_equal(back[:38], before[:38])
    assert np.array_equal(back[:, :25], before[:, :25])
    assert np.array_equal(back[:, 182:], before[:, 182:])


def test_a_square_beyond_the_photograph_is_mirrored():
    photograph = Image.new("RGB", (64, 48), (10, 200, 30))
    square = FaceSquare((-100.0, -80.0), (300.0, 0.0))
    crop = np.asarray(square.cut(photograph, 32))
    assert (crop == (10, 200, 30)).all()
    assert square.paste(photograph, Image.fromarray(crop)).size == (64, 48)


@pytest.mark.assets
def test_the_astronaut_and_a_picture_without_a_face():
    pytest.importorskip("onnxruntime")
    from ganvas.assets.packaged import packaged
    from ganvas.image.source import Source

    with Image.open(packaged("ganvas:astronaut.png")) as opened:
        picture = opened.convert("RGB")
    square = find_square(picture)
    # The eyes of an FFHQ picture lie at 0.37 to 0.63 of its width, near 0.47 of its height.
    again = find_square(square.cut(picture, 512))
    np.testing.assert_allclose(again.corner, (0, 0), atol=25)
    np.testing.assert_allclose(again.side, (512, 0), atol=25)
    with pytest.raises(InputError, match="no face"):
        find_square(smooth(200, 100))
    (cut,) = Source(packaged("ganvas:astronaut.png"), crop="ffhq").read().values()
    assert cut.width == cut.height
