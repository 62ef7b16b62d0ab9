"""Blurring along both axes, one after the other."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def blur(
    images: Float[Tensor, "B C H W"], kernel: Float[Tensor, " k"]
) -> Float[Tensor, "B C H-k+1 W-k+1"]:
    """Convolve (B, C, H, W) with a symmetric kernel (k,) along each axis, without a border.

    Returns:
        (B, C, H − k + 1, W − k + 1).
    """
    channels = images.shape[1]
    across = kernel.view(1, 1, 1, -1).expand(channels, 1, 1, -1)
    down = kernel.view(1, 1, -1, 1).expand(channels, 1, -1, 1)
    return F.conv2d(F.conv2d(images, across, groups=channels), down, groups=channels)


def gaussian_blur(mask: Float[Tensor, "B C H W"], sigma: float) -> Float[Tensor, "B C H W"]:
    """Blur (B, C, H, W) with a Gaussian of `sigma` pixels, cut off at 3σ; the border is repeated.

    Values stay in the range of the input, and what is constant as far as the kernel reaches stays
    as it is to the bit: inside of a blurred mask, ones are exactly 1.
    """
    if sigma <= 0:
        return mask
    radius = max(1, math.ceil(3 * sigma))
    offsets = torch.arange(-radius, radius + 1, device=mask.device, dtype=torch.float64)
    kernel = torch.exp(-offsets.square() / (2 * sigma * sigma))
    # In double precision, whose rounding is gone from the result.
    padded = F.pad(mask.double(), (radius,) * 4, mode="replicate")
    blurred = blur(padded, kernel / kernel.sum()).to(mask.dtype)
    return blurred.clamp(mask.amin(), mask.amax())
