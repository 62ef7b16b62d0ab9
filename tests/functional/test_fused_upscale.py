"""StyleGAN1's two ways of upscaling, written out."""

import numpy as np
import pytest
import torch
from scipy.signal import convolve2d, correlate2d

from ganvas.functional.fused_upscale import upscale_conv2d


@pytest.fixture
def inputs():
    rng = torch.Generator().manual_seed(0)
    shapes = (1, 2, 3, 4), (3, 2, 3, 3)
    return [torch.randn(shape, generator=rng, dtype=torch.float64) for shape in shapes]


def test_below_128_it_repeats_samples_and_convolves(inputs):
    x, weight = inputs
    large = x[0].numpy().repeat(2, 1).repeat(2, 2)
    wanted = [
        sum(correlate2d(c, k, "same") for c, k in zip(large, kernels, strict=True))
        for kernels in weight.numpy()
    ]
    assert upscale_conv2d(x, weight, 64)[0].numpy() == pytest.approx(np.array(wanted), abs=1e-12)


def test_from_128_on_it_lays_down_a_kernel_that_is_the_sum_of_four(inputs):
    x, weight = inputs
    padded = np.pad(weight.numpy(), ((0, 0), (0, 0), (1, 1), (1, 1)))
    kernel = sum(padded[..., i : i + 4, j : j + 4] for i in (0, 1) for j in (0, 1))
    zeros = np.zeros((2, 5, 7))
    zeros[:, ::2, ::2] = x[0]
    wanted = [
        sum(convolve2d(z, k) for z, k in zip(zeros, kernels, strict=True))[1:-1, 1:-1]
        for kernels in kernel
    ]
    assert upscale_conv2d(x, weight, 128)[0].numpy() == pytest.approx(np.array(wanted), abs=1e-12)
