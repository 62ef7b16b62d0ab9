"""Structural similarity as a map, so that it can be masked and differentiated."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

WINDOW = 11
SIGMA = 1.5
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
SMALLEST_MS_SSIM = 176
"""Five scales with a window of 11 need more than 10 pixels at the coarsest."""


def ssim_maps(images: Tensor, targets: Tensor, span: float = 2.0) -> tuple[Tensor, Tensor]:
    """Return SSIM and its contrast-structure part at every position with a whole window.

    Args:
        images: (B, C, H, W), at least 11 × 11.
        targets: Same shape.
        span: Width of the range: 2 for [−1, 1].

    Returns:
        Two (B, C, H − 10, W − 10) maps. Source: Wang et al. 2004, with a Gaussian window of 11 and
        σ = 1.5.
    """
    first, second = (0.01 * span) ** 2, (0.03 * span) ** 2
    mean_a, mean_b = _window(images), _window(targets)
    variance_a = _window(images * images) - mean_a * mean_a
    variance_b = _window(targets * targets) - mean_b * mean_b
    covariance = _window(images * targets) - mean_a * mean_b
    contrast = (2 * covariance + second) / (variance_a + variance_b + second)
    luminance = (2 * mean_a * mean_b + first) / (mean_a * mean_a + mean_b * mean_b + first)
    return luminance * contrast, contrast


def ssim(images: Tensor, targets: Tensor, mask: Tensor | None = None, span: float = 2.0) -> Tensor:
    """SSIM per image (B,), averaged over the mask (B, 1, H, W) where one is given.

    `span` is the width of the range: 2 for [−1, 1], 255 for 8-bit pictures.
    """
    similarity, _ = ssim_maps(images, targets, span)
    return _average(similarity, mask)


def ms_ssim(
    images: Tensor, targets: Tensor, mask: Tensor | None = None, span: float = 2.0
) -> Tensor:
    """Multi-scale SSIM per image (B,), over five scales; images of 176 pixels or more.

    Source: Wang et al. 2003. Negative contrast terms are clamped, so that the powers exist.
    """
    factors = []
    for scale, weight in enumerate(SCALE_WEIGHTS):
        if scale:
            images, targets = F.avg_pool2d(images, 2), F.avg_pool2d(targets, 2)
            mask = None if mask is None else F.avg_pool2d(mask, 2)
        similarity, contrast = ssim_maps(images, targets, span)
        last = scale == len(SCALE_WEIGHTS) - 1
        value = _average(similarity if last else contrast, mask)
        factors.append(value.clamp_min(1e-6) ** weight)
    return torch.stack(factors).prod(0)


def _average(values: Tensor, mask: Tensor | None) -> Tensor:
    if mask is None:
        return values.flatten(1).mean(1)
    border = WINDOW // 2
    weight = mask[..., border:-border, border:-border].expand_as(values)
    return (values * weight).flatten(1).sum(1) / weight.flatten(1).sum(1).clamp_min(1e-6)


def _window(images: Tensor) -> Tensor:
    offsets = torch.arange(WINDOW, device=images.device, dtype=images.dtype) - WINDOW // 2
    kernel = torch.exp(-offsets.square() / (2 * SIGMA**2))
    kernel = kernel / kernel.sum()
    channels = images.shape[1]
    across = kernel.view(1, 1, 1, -1).expand(channels, 1, 1, -1)
    down = kernel.view(1, 1, -1, 1).expand(channels, 1, -1, 1)
    return F.conv2d(F.conv2d(images, across, groups=channels), down, groups=channels)
