"""Pictures whose numbers are not 8 or 16 bits: by a stated rule, or refused; never dark unsaid."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import torch
from PIL import Image

from ganvas.errors import InputError
from ganvas.image.source import decode
from ganvas.mask import Canvas, File

CANVAS = Canvas({"x": torch.zeros(1, 3, 24, 24)})


def ramp(low: float = 0.0, high: float = 1.0) -> np.ndarray:
    return np.linspace(low, high, 24 * 24).reshape(24, 24)


def read(path):
    """Return what the picture is as a photograph, and as a mask scaled to 255."""
    photograph = np.asarray(decode(path)).astype(float)[..., 0]
    return photograph, File(path).draw(CANVAS)[0, 0].numpy() * 255


@pytest.mark.parametrize(("high", "dtype"), [
    (1.0, np.float32), (0.75, np.float32), (255.0, np.float32), (200.0, np.float32),
    (65535.0, np.float32), (40000.0, np.float32), (255, np.int32), (65535, np.int32),
    (30000, np.int32), (65535, np.uint16),
])  # fmt: skip
def test_the_range_says_which_number_is_white(tmp_path, high, dtype):
    values = ramp(0, high).astype(dtype)
    Image.fromarray(values).save(tmp_path / "a.tif")
    white = next(w for w in (1, 255, 65535) if high <= w)
    for found in read(tmp_path / "a.tif"):
        assert np.abs(found - values.astype(float) * 255 / white).max() <= 0.51


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [("png", np.uint8), ("tif", np.uint8), ("tif", np.int32), ("tif", np.float32)],
)
def test_bits_are_black_and_white(tmp_path, kind, dtype):
    bits = (ramp() > 0.6).astype(dtype)
    Image.fromarray(bits).save(tmp_path / f"a.{kind}")
    for found in read(tmp_path / f"a.{kind}"):
        assert np.array_equal(found, bits * 255.0)


@pytest.mark.parametrize(("values", "part"), [
    (ramp(-1, 1), "from -1 to 1"), (ramp(0, 1e6), "to 1e\\+06"),
    (ramp(0.1, 1.07), "from 0 to 1.07"), (ramp(0, 19), "from 0 to 19"),
    (np.where(ramp() > 0.5, np.nan, 0.5), "not finite"),
    (np.where(ramp() > 0.5, np.inf, 0.5), "not finite"),
])  # fmt: skip
def test_other_ranges_are_refused(tmp_path, values, part):
    Image.fromarray(values.astype(np.float32)).save(tmp_path / "a.tiff")
    with pytest.raises(InputError, match=rf"picture .*a\.tiff.*{part}"):
        decode(tmp_path / "a.tiff")
    with pytest.raises(InputError, match=rf"mask .*a\.tiff.*{part}"):
        File(tmp_path / "a.tiff").draw(CANVAS)


def test_a_photograph_that_is_almost_black_is_named(tmp_path, caplog):
    Image.fromarray((ramp() * 9).astype(np.uint8)).save(tmp_path / "night.png")
    with caplog.at_level(logging.WARNING):
        decode(tmp_path / "night.png")
    assert "night.png is almost black: its brightest level is 9 of 255" in caplog.text
    caplog.clear()
    Image.new("L", (24, 24), 0).save(tmp_path / "black.png")
    Image.new("L", (24, 24), 90).save(tmp_path / "grey.png")
    for name in ("black", "grey"):
        decode(tmp_path / f"{name}.png")
    assert not caplog.text


def test_maps_of_labels_are_no_masks(tmp_path):
    labels = (ramp() * 18.9).astype(np.uint8)
    Image.fromarray(labels).save(tmp_path / "labels.png")
    with pytest.raises(InputError, match="labels have; save the one label"):
        File(tmp_path / "labels.png").draw(CANVAS)
    coloured = Image.fromarray(labels)
    coloured.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0] * 64)
    coloured.save(tmp_path / "voc.png")
    with pytest.raises(InputError, match="palette of colours"):
        File(tmp_path / "voc.png").draw(CANVAS)
    Image.fromarray((ramp() * 255).astype(np.uint8)).quantize(16).save(tmp_path / "grey.png")
    assert File(tmp_path / "grey.png").draw(CANVAS).max() > 0.9
    Image.new("L", (24, 24), 0).save(tmp_path / "empty.png")
    assert File(tmp_path / "empty.png").draw(CANVAS).max() == 0


def test_a_float_picture_with_colours_says_what_to_do(tmp_path):
    (tmp_path / "a.exr").write_bytes(b"v/1\x01" + bytes(100))
    with pytest.raises(InputError, match="save it as PNG"):
        decode(tmp_path / "a.exr")
