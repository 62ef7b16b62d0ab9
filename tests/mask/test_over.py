"""Masks that were drawn over whole photographs, of one or of a folder."""

import logging

import numpy as np
import pytest
import torch
from PIL import Image

from ganvas.errors import ConfigError, InputError
from ganvas.image.align import FaceSquare
from ganvas.image.source import Source
from ganvas.mask import Canvas, Each, File, Full, Scribble

WIDTH, HEIGHT, SIZE = 160, 120, 40


def picture(path, values, **options):
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(np.asarray(values, np.uint8)).save(path, **options)
    return path


def drawn(seed=0, height=HEIGHT, width=WIDTH):
    values = np.zeros((height, width), np.uint8)
    left, top = np.random.default_rng(seed).integers(40, 60, 2)
    values[top : top + 50, left : left + 50] = 255
    return values


def canvas(source, count=1, solutions=1):
    return Canvas({"x": torch.zeros(count * solutions, 3, SIZE, SIZE)}, 0, solutions, source)


def by_hand(values, box):
    """Cut with PIL, average over whole pixels with numpy: (SIZE, SIZE) in [0, 1]."""
    cut = np.asarray(Image.fromarray(values).crop(box)) / 255
    factor = len(cut) // SIZE
    return cut.reshape(SIZE, factor, SIZE, factor).mean((1, 3))


@pytest.mark.parametrize(
    ("crop", "box"),
    [("centre", (20, 0, 140, 120)), ((30, 25, 110, 105), (30, 25, 110, 105))],
)
def test_a_mask_of_the_photographs_size_is_cut_as_it_is(tmp_path, crop, box):
    photo = picture(tmp_path / "p.png", np.zeros((HEIGHT, WIDTH, 3)))
    mask = picture(tmp_path / "m.png", drawn())
    found = File(mask).draw(canvas(Source(photo, crop)))
    expected = by_hand(drawn(), box)
    assert np.allclose(found[0, 0].numpy(), expected, atol=1e-6)
    assert torch.equal(found[0, 0] == 1, torch.from_numpy(expected == 1))
    assert torch.equal(found[0, 0] == 0, torch.from_numpy(expected == 0))


def test_an_upright_crop_of_a_face_is_a_box(tmp_path, monkeypatch):
    square = FaceSquare((30.0, 25.0), (80.0, 0.0))
    monkeypatch.setattr("ganvas.image.align.find_square", lambda picture, name: square)
    photo = picture(tmp_path / "p.png", np.zeros((HEIGHT, WIDTH, 3)))
    found = File(picture(tmp_path / "m.png", drawn())).draw(canvas(Source(photo, "ffhq")))[0, 0]
    expected = by_hand(drawn(), (30, 25, 110, 105))
    # White stays exactly 1, for an edit hides only what is under 1.
    assert torch.equal(found == 1, torch.from_numpy(expected == 1))
    assert np.allclose(found.numpy(), expected, atol=1e-6)


def test_photograph_and_mask_are_upright_before_they_are_compared(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = picture(tmp_path / "p.png", np.zeros((WIDTH, HEIGHT, 3)), exif=exif)
    mask = picture(tmp_path / "m.png", drawn())
    found = File(mask).draw(canvas(Source(photo)))[0, 0].numpy()
    assert np.allclose(found, by_hand(drawn(), (20, 0, 140, 120)), atol=1e-6)


def test_a_mask_over_the_cut_photograph_is_as_it_was(tmp_path):
    photo = picture(tmp_path / "p.png", np.zeros((HEIGHT, WIDTH, 3)))
    for side in (SIZE, 100):
        mask = File(picture(tmp_path / "m.png", drawn(0, side, side)))
        alone = mask.draw(canvas(None))
        assert torch.equal(mask.draw(canvas(Source(photo, (30, 25, 110, 105)))), alone)


def test_neither_size_is_refused_with_both(tmp_path):
    photo = picture(tmp_path / "p.png", np.zeros((HEIGHT, WIDTH, 3)))
    mask = File(picture(tmp_path / "m.png", drawn(0, WIDTH, HEIGHT)))
    line = r"m\.png is 120×160.*neither the photograph .*p\.png, 160×120, nor the cut .*, 40×40"
    with pytest.raises(InputError, match=line):
        mask.draw(canvas(Source(photo)))


@pytest.mark.parametrize(("crop", "told"), [((0, 0, 50, 50), True), ("centre", False)])
def test_a_square_mask_of_a_square_photograph_that_is_cut_says_where_it_lies(
    tmp_path, caplog, crop, told
):
    photo = picture(tmp_path / "p.png", np.zeros((100, 100, 3)))
    mask = File(picture(tmp_path / "m.png", drawn(0, 100, 100)))
    with caplog.at_level(logging.WARNING):
        found = mask.draw(canvas(Source(photo, crop)))
    assert torch.equal(found, mask.draw(canvas(None)))
    assert ("lies over the cut photograph" in caplog.text) == told


def test_one_mask_is_cut_for_each_photograph(tmp_path, monkeypatch):
    squares = {
        "a": FaceSquare((30.0, 25.0), (80.0, 0.0)),
        "b": FaceSquare((42.0, 36.0), (80.0, 0.0)),
    }
    monkeypatch.setattr(
        "ganvas.image.align.find_square", lambda picture, name: squares[name[-5:-4]]
    )
    for name in "ab":
        picture(tmp_path / "photos" / f"{name}.png", np.zeros((HEIGHT, WIDTH, 3)))
    mask = picture(tmp_path / "m.png", drawn())
    found = File(mask).draw(canvas(Source(tmp_path / "photos", "ffhq"), 2, solutions=2))
    first, second = (by_hand(drawn(), b) for b in ((30, 25, 110, 105), (42, 36, 122, 116)))
    for image, expected in zip(found, (first, first, second, second), strict=True):
        assert np.allclose(image[0].numpy(), expected, atol=1e-6)


def test_scribbles_over_the_photograph_are_cut(tmp_path):
    photo = picture(tmp_path / "p.png", np.zeros((HEIGHT, WIDTH, 3)))
    rgba = np.zeros((HEIGHT, WIDTH, 4))
    rgba[..., 3] = drawn()
    overlay = picture(tmp_path / "o.png", rgba)
    found = Scribble(overlay, grow=0.0).draw(canvas(Source(photo, (30, 25, 110, 105))))
    assert np.allclose(found[0, 0].numpy(), by_hand(drawn(), (30, 25, 110, 105)), atol=1e-6)


@pytest.fixture
def eight(tmp_path):
    """Eight photographs of different sizes, and a mask over each of them."""
    for place in range(8):
        width = WIDTH + 2 * place
        picture(tmp_path / "photos" / f"{place}.png", np.zeros((HEIGHT, width, 3)))
        picture(tmp_path / "masks" / f"{place}.png", drawn(place, HEIGHT, width))
    return tmp_path


@pytest.mark.parametrize(
    ("limit", "shard", "places"),
    [
        (None, "1/2", (0, 2, 4, 6)), (None, "2/2", (1, 3, 5, 7)), (3, None, (0, 1, 2)),
        (6, "2/3", (1, 4)),
    ],
)  # fmt: skip
def test_a_shard_takes_the_masks_of_its_photographs(eight, limit, shard, places):
    source = Source(eight / "photos", limit=limit, shard=shard)
    found = File(eight / "masks").draw(canvas(source, len(places)))
    for place, image in zip(places, found, strict=True):
        box = (20 + place, 0, 140 + place, 120)
        values = drawn(place, HEIGHT, WIDTH + 2 * place)
        assert np.allclose(image[0].numpy(), by_hand(values, box), atol=1e-6)


def test_masks_for_the_chosen_photographs_alone_are_theirs(eight):
    source = Source(eight / "photos", limit=6, shard="2/3")
    for place in (0, 2, 3, 5, 6, 7):
        (eight / "masks" / f"{place}.png").unlink()
    assert File(eight / "masks").draw(canvas(source, 2)).shape == (2, 1, SIZE, SIZE)
    picture(eight / "masks" / "5.png", drawn())
    with pytest.raises(InputError, match="holds 3 masks; it needs 1, 2, 6 or 8, as many"):
        File(eight / "masks").draw(canvas(source, 2))


def test_a_shard_takes_each_of_its_masks(eight):
    source = Source(eight / "photos", shard="2/2")
    named = {str(place): File(picture(eight / f"{place}.png", np.full((9, 9), 20 * place + 40)))
             for place in range(8)}  # fmt: skip
    found = Each(named).draw(canvas(source, 4)).mean((1, 2, 3)) * 255
    assert found.tolist() == pytest.approx([60, 100, 140, 180], abs=1e-3)
    with pytest.raises(ConfigError, match="each holds 2 masks for 4 photographs"):
        Each({"a": Full(), "b": Full()}).draw(canvas(source, 4))
