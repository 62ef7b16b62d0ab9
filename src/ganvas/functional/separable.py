"""A styled depthwise-separable convolution with noise and leaky ReLU."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def separable_layer(
    x: Tensor,
    style: Tensor,
    depthwise: Tensor,
    pointwise: Tensor,
    bias: Tensor,
    noise: Tensor,
    slope: float = 0.2,
) -> Tensor:
    """Return leaky_relu(pointwise ∗ (depthwise ∗ (style · x)) + noise + bias).

    Args:
        x: (B, C, h, w).
        style: (B, C), a factor per channel.
        depthwise: (C, 1, 3, 3), one kernel per channel, padded to keep the size.
        pointwise: (D, C, 1, 1).
        bias: (D,).
        noise: (B, 1, h, w), already scaled by its strength.
        slope: Slope of the leaky ReLU below zero.

    Returns:
        (B, D, h, w).
    """
    y = F.conv2d(x * style[:, :, None, None], depthwise, padding=1, groups=x.shape[1])
    y = F.conv2d(y, pointwise) + noise + bias[:, None, None]
    return F.leaky_relu(y, slope)
