"""The leaky ReLU between filters, which keeps it from aliasing.

Source: Karras et al. 2021 (StyleGAN3), section 3 and appendix D.
"""

from __future__ import annotations

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def fir_upsample2d(
    x: Float[Tensor, "B C H W"], taps: Float[Tensor, " t"] | None, factor: int, low: int, high: int
) -> Float[Tensor, "B C _ _"]:
    """Insert zeros between samples, pad, and filter along both axes.

    Args:
        x: (B, C, H, W).
        taps: (t,) the filter, of sum one; None for none.
        factor: How many times more samples.
        low: Zeros (if positive) or samples less (if negative) before the first, at the new rate.
        high: The same after the last.

    Returns:
        (B, C, H', W') with H' = factor · H + low + high − t + 1.
    """
    if taps is None:
        return F.pad(x, (low, high, low, high))
    # The transposed convolution is the whole one: crop it, or add the zeros that lie beyond it.
    before, after = low - len(taps) + 1, high - len(taps) + factor
    for axis in (2, 3):
        view = (-1, 1) if axis == 2 else (1, -1)
        kernel = (taps * factor).to(x.dtype).view(1, 1, *view).expand(x.shape[1], -1, -1, -1)
        stride = (factor, 1) if axis == 2 else (1, factor)
        x = F.conv_transpose2d(x, kernel, stride=stride, groups=x.shape[1])
    return F.pad(x, (before, after, before, after))


def fir_downsample2d(
    x: Float[Tensor, "B C H W"],
    taps: Float[Tensor, " t"] | Float[Tensor, "t t"] | None,
    factor: int,
) -> Float[Tensor, "B C _ _"]:
    """Filter x (B, C, H, W) with taps (t,) or (t, t) and keep every factor-th sample."""
    if taps is None:
        return x[:, :, ::factor, ::factor]
    channels = x.shape[1]
    kernels = [taps.flip(0, 1)] if taps.ndim == 2 else [taps.flip(0)[:, None], taps.flip(0)[None]]
    for kernel in kernels:
        weight = kernel.to(x.dtype).expand(channels, 1, -1, -1)
        stride = (factor if kernel.shape[0] > 1 else 1, factor if kernel.shape[1] > 1 else 1)
        x = F.conv2d(x, weight, stride=stride, groups=channels)
    return x


def filtered_lrelu(
    x: Float[Tensor, "B C H W"],
    bias: Float[Tensor, " C"],
    *,
    up: Float[Tensor, " t"] | None,
    down: Float[Tensor, " u"] | Float[Tensor, "u u"] | None,
    factors: tuple[int, int],
    padding: tuple[int, int],
    slope: float,
    gain: float,
    clamp: float | None,
) -> Float[Tensor, "B C _ _"]:
    """Add a bias, sample up, leaky ReLU times a gain, clamp, sample down.

    Args:
        x: (B, C, H, W).
        bias: (C,).
        up: Filter of the way up (t,), or None.
        down: Filter of the way down, (u,) or (u, u), or None.
        factors: Of sampling up and down.
        padding: Zeros before and after, at the higher rate, along both axes.
        slope: Of the leaky ReLU below zero.
        gain: Factor after it.
        clamp: Bound after that, or None.
    """
    y = x + bias.to(x.dtype)[:, None, None]
    y = fir_upsample2d(y, up, factors[0], *padding)
    y = F.leaky_relu(y, slope) * gain
    if clamp is not None:
        y = y.clamp(-clamp, clamp)
    return fir_downsample2d(y, down, factors[1])
