from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from ganvas.functional.images import from_uint8, resize, to_uint8


def test_every_8_bit_value_survives_the_way_there_and_back():
    values = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)
    assert to_uint8(from_uint8(values)).equal(values)
    assert from_uint8(values).min() == -1
    assert from_uint8(values).max() == 1


def test_to_uint8_rounds_to_the_nearest_level_and_clamps():
    rng = np.random.default_rng(0)
    values = rng.uniform(-1.5, 1.5, 10_000).astype(np.float32)
    wanted = np.clip(np.rint((values.astype(np.float64) + 1) * 127.5), 0, 255)
    found = to_uint8(torch.from_numpy(values)).numpy()
    assert np.abs(found.astype(int) - wanted).max() <= 1  # ties may fall either way in float32
    assert (found == wanted).mean() > 0.999


def test_shrinking_by_whole_factors_is_the_mean_of_boxes():
    images = torch.rand(2, 3, 12, 24, dtype=torch.float64)
    wanted = images.numpy().reshape(2, 3, 4, 3, 8, 3).mean(axis=(3, 5))
    assert torch.allclose(resize(images, (4, 8)), torch.from_numpy(wanted))


def test_shrinking_by_other_factors_does_not_alias():
    # A picture of single-pixel stripes has to become grey, not coarse stripes.
    stripes = torch.tensor([1.0, -1.0]).repeat(32).view(1, 1, 1, 64).expand(1, 1, 64, 64)
    small = resize(stripes, 20)
    assert small[..., 3:-3].abs().max() < 0.1


def test_enlarging_is_bilinear():
    image = torch.rand(1, 1, 6, 6, dtype=torch.float64)
    found = resize(image, 12)[0, 0].numpy()
    places = (np.arange(12) + 0.5) / 2 - 0.5
    rows, columns = np.meshgrid(places, places, indexing="ij")
    wanted = ndimage.map_coordinates(image[0, 0].numpy(), [rows, columns], order=1, mode="nearest")
    assert np.allclose(found, wanted)


@pytest.mark.parametrize("size", [7, 16, 33])
def test_resizing_keeps_a_constant(size):
    assert torch.allclose(resize(torch.full((1, 3, 16, 16), 0.3), size), torch.tensor(0.3))


def test_resizing_to_the_same_size_is_free():
    image = torch.rand(1, 3, 8, 8)
    assert resize(image, 8) is image
