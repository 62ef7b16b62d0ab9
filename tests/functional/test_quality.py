from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio

from ganvas.functional.quality import mse, psnr_from_mse


def images(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return tuple(rng.uniform(-1, 1, (3, 3, 8, 10)) for _ in range(2))


def test_psnr_on_minus_one_to_one_is_four_over_mse():
    a, b = images()
    found = psnr_from_mse(mse(torch.from_numpy(a), torch.from_numpy(b)))
    for value, x, y in zip(found.tolist(), a, b, strict=True):
        assert value == pytest.approx(peak_signal_noise_ratio(x, y, data_range=2.0))
        assert value == pytest.approx(10 * math.log10(4 / ((x - y) ** 2).mean()))


@pytest.mark.parametrize(("span", "most"), [(2.0, 126.0206), (255.0, 168.1308)])
def test_psnr_of_equal_images_is_finite_and_of_none_is_none(span, most):
    found = psnr_from_mse(torch.tensor([0.0, 1e-20, math.nan]), span)
    assert found[:2].tolist() == pytest.approx([most, most], abs=1e-3)
    assert found[2].isnan()


def test_each_image_has_the_error_of_its_own_pixels():
    a, b = images(1)
    # One target for all, and another layout.
    found = mse(torch.from_numpy(a).to(memory_format=torch.channels_last), torch.from_numpy(b[:1]))
    assert found.tolist() == pytest.approx(np.square(a - b[:1]).mean((1, 2, 3)).tolist())
