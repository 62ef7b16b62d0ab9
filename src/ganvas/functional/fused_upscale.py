"""StyleGAN1's two ways of doubling the resolution before a convolution.

Source: Karras et al. 2019 (StyleGAN), after Karras et al. 2018: nearest-neighbour upscaling and a
3×3 convolution; from 128² on, a transposed 4×4 convolution that sums shifted kernels instead.
The two differ at the border and in the phase, so the switch belongs to the model.
"""

from __future__ import annotations

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

FUSED_FROM = 128


def upscale_conv2d(
    x: Float[Tensor, "B I H W"], weight: Float[Tensor, "O I 3 3"], resolution: int
) -> Float[Tensor, "B O 2*H 2*W"]:
    """Double the resolution of x (B, I, H, W) and convolve it with weight (O, I, 3, 3).

    Args:
        x: The activation.
        weight: The kernel.
        resolution: The resolution that the model has here after doubling, whatever the size of x.

    Returns:
        (B, O, 2H, 2W).
    """
    if resolution < FUSED_FROM:
        return F.conv2d(F.interpolate(x, scale_factor=2, mode="nearest"), weight, padding=1)
    padded = F.pad(weight, (1, 1, 1, 1))
    kernel = (
        padded[..., 1:, 1:] + padded[..., :-1, 1:] + padded[..., 1:, :-1] + padded[..., :-1, :-1]
    )
    return F.conv_transpose2d(x, kernel.transpose(0, 1), stride=2, padding=1)
