"""Distances between images that need no network."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def masked_mse(
    images: Float[Tensor, "B C H W"],
    targets: Float[Tensor, "#B C H W"],
    mask: Float[Tensor, "#B 1 H W"] | None = None,
) -> Float[Tensor, " B"]:
    """Mean squared error per image: ‖M ⊙ (G − x)‖² / N, with N the scalars of the whole image.

    Args:
        images: (B, C, H, W).
        targets: Same shape.
        mask: (B, 1, H, W) in [0, 1], or None for all ones.

    Returns:
        (B,). Dividing by N rather than by the mask's area is the paper's choice: Abdal et al. 2020,
        equation 1.
    """
    error = images - targets
    if mask is not None:
        error = error * mask
    return error.square().flatten(1).mean(1)


def psnr_from_mse(mse: Float[Tensor, "*batch"], span: float = 2.0) -> Float[Tensor, "*batch"]:
    """Peak signal-to-noise ratio in dB: 10·log₁₀(span² / mse).

    `span` is the width of the range: 2 for [−1, 1], 255 for 8-bit pictures.

    >>> psnr_from_mse(torch.tensor(0.04)).item()
    20.0
    """
    return 10 * torch.log10(span**2 / mse.clamp_min(1e-12))
