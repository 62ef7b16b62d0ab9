"""Doubling the resolution with a finite impulse response filter.

Source: Karras et al. 2020 (StyleGAN2), section 4; the [1, 3, 3, 1] filter of Zhang 2019.
"""

from __future__ import annotations

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

UPSAMPLE_TAPS = 4


def filter2d(
    x: Float[Tensor, "B C H W"], kernel: Float[Tensor, "k k"], padding: int = 0
) -> Float[Tensor, "B C _ _"]:
    """Convolve every channel of x (B, C, H, W) with the same kernel (k, k), zeros around it."""
    channels = x.shape[1]
    weight = kernel.to(x.dtype).flip(0, 1).expand(channels, 1, -1, -1)
    return F.conv2d(x, weight, padding=padding, groups=channels)


def upsample2d(
    x: Float[Tensor, "B C H W"], kernel: Float[Tensor, "4 4"]
) -> Float[Tensor, "B C 2*H 2*W"]:
    """Double the resolution of x (B, C, H, W) with a low-pass kernel (4, 4) of sum one.

    Zeros go between the samples and the kernel fills them in; the factor 4 keeps the mean.
    """
    channels = x.shape[1]
    weight = (4 * kernel).to(x.dtype).expand(channels, 1, -1, -1)
    return F.conv_transpose2d(x, weight, stride=2, padding=1, groups=channels)
