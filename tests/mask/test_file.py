import logging

import numpy as np
import pytest
import torch
from PIL import Image

from ganvas.errors import ConfigError, InputError
from ganvas.mask import Canvas, File, Scribble, require_content

CANVAS = Canvas({"x": torch.zeros(2, 3, 32, 32)})


def write(path, values, mode="L"):
    Image.fromarray(np.asarray(values, dtype=np.uint8), mode=None).convert(mode).save(path)
    return path


def ramp(size=32):
    return np.tile(np.linspace(0, 255, size).round(), (size, 1))


def test_luma_is_the_mask(tmp_path):
    file = write(tmp_path / "m.png", ramp())
    mask = File(file).draw(CANVAS)
    assert mask.shape == (2, 1, 32, 32)
    assert np.allclose(mask[1, 0].numpy(), ramp() / 255, atol=1e-6)


def test_alpha_is_taken_where_there_is_any(tmp_path):
    rgba = np.zeros((32, 32, 4), np.uint8)
    rgba[..., 3] = ramp()
    Image.fromarray(rgba).save(tmp_path / "m.png")
    for channel in ("auto", "alpha"):
        mask = File(tmp_path / "m.png", channel).draw(CANVAS)
        assert np.allclose(mask[0, 0].numpy(), ramp() / 255, atol=1e-6)
    assert File(tmp_path / "m.png", "luma").draw(CANVAS).max() == 0


def test_an_opaque_alpha_means_luma_unless_asked_for(tmp_path):
    file = write(tmp_path / "m.png", ramp(), "RGBA")
    assert File(file).draw(CANVAS).min() == 0
    assert File(file, "alpha").draw(CANVAS).min() == 1
    with pytest.raises(InputError, match="no alpha channel"):
        File(write(tmp_path / "grey.png", ramp()), "alpha").draw(CANVAS)


def test_another_size_is_resized_with_a_notice(tmp_path, caplog):
    half = np.zeros((64, 64))
    half[:, :32] = 255
    with caplog.at_level(logging.WARNING):
        mask = File(write(tmp_path / "m.png", half)).draw(CANVAS)
    assert mask[0, 0, :, :16].min() == 1
    assert mask[0, 0, :, 16:].max() == 0
    assert "resized from 64×64 to 32×32" in caplog.text


@pytest.mark.parametrize("side", [47, 63, 100])
def test_ones_and_zeros_of_another_size_stay_exact(tmp_path, side):
    # What an edit hides is what is under a mask of exactly 1: nearly 1 would let it look.
    drawn = np.zeros((side, side))
    drawn[side // 4 : -side // 4, side // 4 : -side // 4] = 255
    mask = File(write(tmp_path / "m.png", drawn)).draw(CANVAS)[0, 0]
    assert mask.max() == 1
    assert torch.equal(mask[11:21, 11:21], torch.ones(10, 10))
    assert torch.equal(mask[:5], torch.zeros(5, 32))
    whole = File(write(tmp_path / "all.png", np.full((side, side), 255))).draw(CANVAS)
    with pytest.raises(InputError, match="covers all of image 0"):
        require_content("m", whole, partial=True)


def test_another_aspect_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"64×32; it does not fit the cut photograph, 32×32"):
        File(write(tmp_path / "m.png", np.full((32, 64), 255))).draw(CANVAS)


def test_one_file_per_image_in_the_order_of_names(tmp_path):
    write(tmp_path / "b.png", np.full((32, 32), 255))
    write(tmp_path / "a.png", np.zeros((32, 32)))
    mask = File(tmp_path).draw(CANVAS)
    assert mask[0].max() == 0
    assert mask[1].min() == 1
    write(tmp_path / "c.png", ramp())
    with pytest.raises(InputError, match="holds 3 masks; it needs 1 or 2"):
        File(tmp_path).draw(CANVAS)
    with pytest.raises(InputError, match="holds 3 masks; it needs 1, as many"):
        File(tmp_path).draw(Canvas({"x": torch.zeros(1, 3, 32, 32)}))


def test_the_solutions_of_a_photograph_share_its_mask(tmp_path):
    for name, shade in (("a", 51), ("b", 255)):
        write(tmp_path / f"{name}.png", np.full((32, 32), shade))
    canvas = Canvas({"x": torch.zeros(6, 3, 32, 32)}, solutions=3)
    mask = File(tmp_path).draw(canvas)
    assert mask.shape == (6, 1, 32, 32)
    shades = [0.2] * 3 + [1.0] * 3
    assert mask.mean((1, 2, 3)).tolist() == pytest.approx(shades, abs=1e-6)
    assert File(tmp_path / "a.png").draw(canvas).mean().item() == pytest.approx(0.2, abs=1e-6)


def test_a_mask_is_turned_as_its_exif_says(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    values = ramp().astype(np.uint8)
    Image.fromarray(values).save(tmp_path / "m.png", exif=exif)
    mask = File(tmp_path / "m.png").draw(CANVAS)[0, 0].numpy()
    assert np.allclose(mask, np.rot90(values, -1) / 255, atol=1e-6)
    rgba = np.zeros((32, 32, 4), np.uint8)
    rgba[..., 3] = values
    Image.fromarray(rgba).save(tmp_path / "a.png", exif=exif)
    alpha = File(tmp_path / "a.png", "alpha").draw(CANVAS)[0, 0].numpy()
    assert np.allclose(alpha, np.rot90(values, -1) / 255, atol=1e-6)


def test_a_broken_or_absent_file_is_one_line(tmp_path):
    (tmp_path / "m.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"cannot read the mask .*m\.png"):
        File(tmp_path / "m.png").draw(CANVAS)
    with pytest.raises(InputError, match="no such picture"):
        File(tmp_path / "nowhere.png").draw(CANVAS)


def test_scribbles_are_where_two_photos_differ(tmp_path):
    x = torch.zeros(2, 3, 32, 32)
    y = x.clone()
    y[1, 0, 10:12, 10:12] = 0.5
    mask = Scribble(threshold=0.1, grow=0.0).draw(Canvas({"x": x, "y": y}))
    assert mask[0].sum() == 0
    assert mask[1].sum() == 4
    assert Scribble(threshold=0.3, grow=0.0).draw(Canvas({"x": x, "y": y})).sum() == 0
    grown = Scribble(threshold=0.1, grow=1 / 32).draw(Canvas({"x": x, "y": y}))
    assert grown[1].sum() == 16
    with pytest.raises(ConfigError, match=r"image y; give image\.y\.path"):
        Scribble().draw(CANVAS)


def test_scribbles_can_come_from_an_overlay(tmp_path):
    rgba = np.zeros((32, 32, 4), np.uint8)
    rgba[4:8, 4:8] = (255, 0, 0, 255)
    Image.fromarray(rgba).save(tmp_path / "o.png")
    mask = Scribble(overlay=tmp_path / "o.png", grow=0.0).draw(CANVAS)
    assert mask[0].sum() == 16
