"""Structural similarity as a map, so that it can be masked and differentiated."""

from __future__ import annotations

from typing import overload

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from ganvas.functional.blur import blur
from ganvas.functional.window import WINDOW

SIGMA = 1.5
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def ssim_maps(
    images: Float[Tensor, "B C H W"], targets: Float[Tensor, "#B C H W"], span: float = 2.0
) -> tuple[Float[Tensor, "B C H-10 W-10"], Float[Tensor, "B C H-10 W-10"]]:
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


def ssim(
    images: Float[Tensor, "B C H W"],
    targets: Float[Tensor, "#B C H W"],
    mask: Float[Tensor, "#B 1 H W"] | None = None,
    span: float = 2.0,
    reflect: bool = False,
) -> Float[Tensor, " B"]:
    """SSIM per image (B,), averaged over the mask (B, 1, H, W) where one is given.

    Args:
        images: (B, C, H, W), at least 11 × 11.
        targets: Same shape.
        mask: (B, 1, H, W), or None for all ones.
        span: Width of the range: 2 for [−1, 1], 255 for 8-bit pictures.
        reflect: Continue images by reflection, so that there is a window around every pixel, as
            torchmetrics does; else only whole windows count.
    """
    if reflect:
        images, targets, mask = _reflected(images), _reflected(targets), _reflected(mask)
    similarity, _ = ssim_maps(images, targets, span)
    return _average(similarity, mask)


def ms_ssim(
    images: Float[Tensor, "B C H W"],
    targets: Float[Tensor, "#B C H W"],
    mask: Float[Tensor, "#B 1 H W"] | None = None,
    span: float = 2.0,
    reflect: bool = False,
) -> Float[Tensor, " B"]:
    """Multi-scale SSIM per image (B,), over five scales; images of 176 pixels or more.

    The arguments are those of `ssim`; like torchmetrics, `reflect` is for the coarsest scale alone.

    Source: Wang et al. 2003. Negative contrast terms are clamped, so that the powers exist.
    """
    factors = []
    for weight in SCALE_WEIGHTS[:-1]:
        _, contrast = ssim_maps(images, targets, span)
        factors.append(_average(contrast, mask).clamp_min(1e-6) ** weight)
        images, targets = F.avg_pool2d(images, 2), F.avg_pool2d(targets, 2)
        mask = None if mask is None else F.avg_pool2d(mask, 2)
    coarsest = ssim(images, targets, mask, span, reflect)
    factors.append(coarsest.clamp_min(1e-6) ** SCALE_WEIGHTS[-1])
    return torch.stack(factors).prod(0)


@overload
def _reflected(images: Tensor) -> Tensor: ...
@overload
def _reflected(images: Tensor | None) -> Tensor | None: ...
def _reflected(images: Tensor | None) -> Tensor | None:
    border = WINDOW // 2
    return None if images is None else F.pad(images, (border,) * 4, mode="reflect")


def _average(values: Tensor, mask: Tensor | None) -> Tensor:
    if mask is None:
        return values.flatten(1).mean(1)
    border = WINDOW // 2
    weight = mask[..., border:-border, border:-border].expand_as(values)
    return (values * weight).flatten(1).sum(1) / weight.flatten(1).sum(1).clamp_min(1e-6)


def _window(images: Tensor) -> Tensor:
    offsets = torch.arange(WINDOW, device=images.device, dtype=images.dtype) - WINDOW // 2
    kernel = torch.exp(-offsets.square() / (2 * SIGMA**2))
    return blur(images, kernel / kernel.sum())
