"""Modulated convolutions against weights that are made for each image, as the paper has them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.signal import convolve2d, correlate2d

from ganvas.functional.modulation import demodulation, modulated_conv2d, scaled


def drawn(dtype=torch.float64):
    rng = torch.Generator().manual_seed(0)
    shapes = (3, 4, 5, 7), (6, 4, 3, 3), (3, 4)
    return [torch.randn(shape, generator=rng, dtype=dtype) for shape in shapes]


def by_definition(x, weight, style, demodulate, kernel=None):
    """Equations 1 and 3 of Karras et al. 2020, image by image, in numpy."""
    images = []
    for image, factors in zip(x, style, strict=True):
        own = weight * factors[:, None, None]
        if demodulate:
            own = own / np.sqrt(np.square(own).sum((1, 2, 3), keepdims=True) + 1e-8)
        if kernel is None:
            maps = [
                sum(
                    correlate2d(channel, k, "same")
                    for channel, k in zip(image, kernels, strict=True)
                )
                for kernels in own
            ]
        else:
            zeros = np.zeros((len(image), 2 * image.shape[1] - 1, 2 * image.shape[2] - 1))
            zeros[:, ::2, ::2] = image
            maps = [
                convolve2d(
                    np.pad(sum(convolve2d(z, k) for z, k in zip(zeros, kernels, strict=True)), 1),
                    4 * kernel,
                    "valid",
                )
                for kernels in own
            ]
        images.append(np.stack(maps))
    return np.stack(images)


@pytest.mark.parametrize("demodulate", [True, False])
@pytest.mark.parametrize("upsample", [True, False])
def test_it_is_the_convolution_with_each_images_own_weights(demodulate, upsample):
    x, weight, style = drawn()
    kernel = torch.rand(4, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    kernel = kernel / kernel.sum() if upsample else None
    wanted = by_definition(
        *(t.numpy() for t in (x, weight, style)), demodulate, None if kernel is None else
        kernel.numpy(),
    )  # fmt: skip
    found = modulated_conv2d(x, weight, style, demodulate=demodulate, padding=1, upsample=kernel)
    assert found.numpy() == pytest.approx(wanted, abs=1e-12)
    bias = torch.linspace(-1, 1, 6, dtype=torch.float64)
    moved = modulated_conv2d(
        x, weight, style, demodulate=demodulate, padding=1, upsample=kernel, gain=1.7, bias=bias
    )
    assert moved.numpy() == pytest.approx(1.7 * wanted + bias.numpy()[:, None, None], abs=1e-12)
    # The same style at each position is that style.
    spread = style[:, :, None, None].expand(-1, -1, 5, 7)
    found = modulated_conv2d(x, weight, spread, demodulate=demodulate, padding=1, upsample=kernel)
    assert found.numpy() == pytest.approx(wanted, abs=1e-12)


def test_in_half_precision_large_weights_neither_overflow_nor_change_the_result():
    x, weight, style = drawn(torch.float32)
    wanted = by_definition(*(t.double().numpy() for t in (x.half(), weight, style)), True)
    found = modulated_conv2d(x.half(), 1e6 * weight, 1e5 * style, padding=1)
    assert found.float().numpy() == pytest.approx(wanted, abs=6e-3)


def test_in_half_precision_a_style_or_a_weight_of_zeros_gives_zeros():
    x, weight, style = drawn(torch.float32)
    style[1], weight[2] = 0, 0
    plain, half = (modulated_conv2d(inputs, weight, style, padding=1) for inputs in (x, x.half()))
    assert not plain[1].any()
    assert not half[1].any()
    assert not half[:, 2].any()
    assert half.float().numpy() == pytest.approx(plain.numpy(), abs=6e-3)


def test_gradients_pass_a_demodulated_convolution():
    x, weight, style = (t[:2, :3].clone().requires_grad_() for t in drawn())
    assert torch.autograd.gradcheck(
        lambda *inputs: modulated_conv2d(*inputs, padding=1), (x, weight, style)
    )
    assert torch.autograd.gradcheck(demodulation, (weight, style))


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("space", [(), (4, 6), (2, 3)])
def test_a_style_scales_the_samples_that_share_it(space, memory_format):
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(1, 5, 4, 6, generator=rng).to(memory_format=memory_format)
    style = torch.randn(1, 5, *space, generator=rng)
    y = scaled(x, style)
    shared = 4 // space[0] if space else 4
    for row in range(4):
        for column in range(6):
            here = style[(..., row // shared, column // shared)] if space else style
            assert torch.equal(y[..., row, column], x[..., row, column] * here)
    assert y.is_contiguous(memory_format=memory_format)
    if memory_format == torch.channels_last:
        assert y.stride() == x.stride()  # that of the batch, too: convolutions look at it
