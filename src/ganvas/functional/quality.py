"""Distances between images that need no network."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def mse(
    images: Float[Tensor, "B C H W"], targets: Float[Tensor, "#B C H W"]
) -> Float[Tensor, " B"]:
    """Mean squared error (B,) per image, of images and targets (B, C, H, W)."""
    return (images - targets).square().flatten(1).mean(1)


def psnr_from_mse(mse: Float[Tensor, "*batch"], span: float = 2.0) -> Float[Tensor, "*batch"]:
    """Peak signal-to-noise ratio in dB: 10·log₁₀(span² / mse).

    `span` is the width of the range: 2 for [−1, 1], 255 for 8-bit pictures. An error below 1e-12
    counts as that, so that equal pictures have a finite value: 126.02 dB and 168.13 dB. Where the
    error is not a number, neither is the result.

    >>> psnr_from_mse(torch.tensor(0.04)).item()
    20.0
    """
    return 10 * torch.log10(span**2 / mse.clamp_min(1e-12))
