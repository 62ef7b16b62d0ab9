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


def test_psnr_of_equal_images_is_finite():
    assert psnr_from_mse(torch.zeros(1)).isfinite().all()
