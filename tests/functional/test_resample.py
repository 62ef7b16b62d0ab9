"""Doubling the resolution against zeros between samples and a convolution by scipy."""

import numpy as np
import pytest
import torch
from scipy.signal import convolve2d

from ganvas.functional.resample import filter2d, upsample2d


@pytest.fixture
def kernel():
    # Not symmetric, so that a flip would show.
    kernel = torch.rand(4, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return kernel / kernel.sum()


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (3, 2, 5, 7)])
def test_zeros_go_between_the_samples_and_the_kernel_fills_them_in(kernel, shape):
    x = torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    zeros = np.zeros((*shape[:2], 2 * shape[2], 2 * shape[3]))
    zeros[..., ::2, ::2] = x
    padded = np.pad(zeros, ((0, 0), (0, 0), (2, 1), (2, 1)))
    wanted = [[convolve2d(c, 4 * kernel, "valid") for c in image] for image in padded]
    assert upsample2d(x, kernel).numpy() == pytest.approx(np.array(wanted), abs=1e-14)


def test_the_mean_stays_away_from_the_border():
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=torch.float64) / 8
    ones = upsample2d(torch.ones(1, 1, 6, 6, dtype=torch.float64), taps.outer(taps))
    assert torch.equal(ones[..., 2:-2, 2:-2], torch.ones(1, 1, 8, 8, dtype=torch.float64))


@pytest.mark.parametrize("padding", [0, 1, 3])
def test_a_filter_is_a_convolution_of_every_channel(kernel, padding):
    x = torch.randn(2, 3, 6, 9, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    x = x.to(memory_format=torch.channels_last)
    padded = np.pad(x.numpy(), ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    wanted = [[convolve2d(c, kernel, "valid") for c in image] for image in padded]
    assert filter2d(x, kernel, padding).numpy() == pytest.approx(np.array(wanted), abs=1e-14)
