from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio

from ganvas.functional.quality import masked_mse, psnr_from_mse


def images(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return tuple(rng.uniform(-1, 1, (3, 3, 8, 10)) for _ in range(2))


def test_masked_mse_divides_by_all_scalars_of_the_image():
    a, b = images()
    mask = np.random.default_rng(5).uniform(0, 1, (3, 1, 8, 10))
    wanted = (((a - b) * mask) ** 2).sum(axis=(1, 2, 3)) / (3 * 8 * 10)
    found = masked_mse(*(torch.from_numpy(v) for v in (a, b, mask)))
    assert np.allclose(found, wanted)
    # Half the picture counts: half the error, not the same.
    half = torch.zeros(3, 1, 8, 10, dtype=torch.float64)
    half[..., :5] = 1
    one, zero = torch.ones(3, 3, 8, 10, dtype=torch.float64), torch.zeros(3, 3, 8, 10)
    assert masked_mse(one, zero, half).tolist() == [0.5] * 3


def test_psnr_on_minus_one_to_one_is_four_over_mse():
    a, b = images()
    found = psnr_from_mse(masked_mse(torch.from_numpy(a), torch.from_numpy(b)))
    for value, x, y in zip(found.tolist(), a, b, strict=True):
        assert value == pytest.approx(peak_signal_noise_ratio(x, y, data_range=2.0))
        assert value == pytest.approx(10 * math.log10(4 / ((x - y) ** 2).mean()))


def test_psnr_of_equal_images_is_finite():
    assert psnr_from_mse(torch.zeros(1)).isfinite().all()
