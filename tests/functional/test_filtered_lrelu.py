"""The leaky ReLU between filters, channel by channel, with scipy's convolution."""

import numpy as np
import pytest
import torch
from scipy.signal import convolve2d

from ganvas.functional.filtered_lrelu import filtered_lrelu, fir_downsample2d, fir_upsample2d


def drawn(*shape, seed=0):
    rng = torch.Generator().manual_seed(seed)
    return torch.rand(shape, generator=rng, dtype=torch.float64) - 0.3


def resampled(x, taps, up, down, low, high):
    """Put zeros between samples and around, or cut some off; filter; keep every `down`-th."""
    zeros = np.zeros((x.shape[0] * up, x.shape[1] * up))
    zeros[::up, ::up] = x
    zeros = np.pad(zeros, ((max(low, 0), max(high, 0)),) * 2)
    inside = slice(max(-low, 0), zeros.shape[0] - max(-high, 0))
    zeros = zeros[inside, max(-low, 0) : zeros.shape[1] - max(-high, 0)]
    square = np.outer(taps, taps) if taps.ndim == 1 else taps
    return convolve2d(zeros, up * up * square, "valid")[::down, ::down]


@pytest.mark.parametrize("radial", [False, True])
@pytest.mark.parametrize("padding", [(3, 4), (-2, 5), (14, -3)])
def test_it_is_each_step_after_the_other(radial, padding):
    x, bias = drawn(2, 3, 8, 9), drawn(3, seed=1)
    up, down = drawn(12, seed=2), drawn(9, 9, seed=3) if radial else drawn(9, seed=3)
    found = filtered_lrelu(
        x, bias, up=up, down=down, factors=(4, 2), padding=padding, slope=0.2, gain=1.5, clamp=1.1
    )
    for image, channels in zip(found, x, strict=True):
        for ours, channel, offset in zip(image, channels, bias, strict=True):
            y = resampled((channel + offset).numpy(), up.numpy(), 4, 1, *padding)
            y = np.clip(np.where(y >= 0, y, 0.2 * y) * 1.5, -1.1, 1.1)
            wanted = resampled(y, down.numpy(), 1, 2, 0, 0)
            assert ours.numpy() == pytest.approx(wanted, abs=1e-12)


def test_without_filters_there_is_padding_and_a_stride():
    x = drawn(1, 2, 4, 4)
    assert torch.equal(fir_upsample2d(x, None, 1, -1, -1), x[..., 1:-1, 1:-1])
    assert torch.equal(fir_downsample2d(x, None, 2), x[..., ::2, ::2])
