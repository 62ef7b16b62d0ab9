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

    Constants stay as they are, and values stay in the range of the input.
    """
    if sigma <= 0:
        return mask
    radius = max(1, math.ceil(3 * sigma))
    offsets = torch.arange(-radius, radius + 1, device=mask.device, dtype=torch.float64)
    kernel = torch.exp(-offsets.square() / (2 * sigma * sigma))
    kernel = (kernel / kernel.sum()).to(mask.dtype)
    blurred = blur(F.pad(mask, (radius,) * 4, mode="replicate"), kernel)
    return blurred.clamp(mask.amin(), mask.amax())
