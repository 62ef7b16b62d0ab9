"""Convolution whose weights are scaled by a style and normalised again.

Source: Karras et al. 2020 (StyleGAN2), section 2.2, equations 1 and 3:

    w'_oik = s_i · w_oik,        w''_oik = w'_oik / sqrt(Σ_ik w'_oik² + ε)

The scale of an input channel may as well act on the activation, and that of an output channel on
the result. Written that way the weights stay the same for the whole batch, and a gradient with
respect to the style costs an element-wise product instead of a gradient of all the weights.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from ganvas.functional.resample import filter2d

EPSILON = 1e-8


def modulated_conv2d(
    x: Tensor,
    weight: Tensor,
    style: Tensor,
    *,
    demodulate: bool = True,
    padding: int = 0,
    upsample: Tensor | None = None,
) -> Tensor:
    """Convolve x with weights that the style scales per input channel.

    In half precision weights and styles are first divided by their maximum, which demodulation
    cancels, so that nothing overflows.

    Args:
        x: (B, I, H, W).
        weight: (O, I, k, k), in float32.
        style: (B, I), in float32.
        demodulate: Give each output map unit variance again (equation 3).
        padding: Zeros around x; without meaning when upsampling.
        upsample: Low-pass kernel (4, 4); with it the result has twice the resolution.

    Returns:
        (B, O, H', W') in the precision of x.
    """
    if demodulate and x.dtype == torch.float16:
        peak = weight.abs().amax(dim=(1, 2, 3), keepdim=True) * math.sqrt(weight[0].numel())
        weight = weight / peak
        style = style / style.abs().amax(dim=1, keepdim=True)
    y = x * style.to(x.dtype)[:, :, None, None]
    if upsample is None:
        y = F.conv2d(y, weight.to(x.dtype), padding=padding)
    else:
        y = F.conv_transpose2d(y, weight.to(x.dtype).transpose(0, 1), stride=2)
        y = filter2d(y, 4 * upsample, padding=1)
    if demodulate:
        y = y * demodulation(weight, style).to(x.dtype)[:, :, None, None]
    return y


def demodulation(weight: Tensor, style: Tensor) -> Tensor:
    """Return 1 / sqrt(Σ_ik (s_i w_oik)² + ε), (B, O), for weight (O, I, k, k) and style (B, I)."""
    energy = weight.square().sum(dim=(2, 3))
    return torch.rsqrt(style.square() @ energy.T + EPSILON)


def unhalved(x: Tensor) -> Tensor:
    """Return x in float32 if it is in half precision, and as it is otherwise."""
    return x.float() if x.dtype == torch.float16 else x
