"""Metrics between 8-bit pictures, per image."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torchmetrics.functional.image import (
    multiscale_structural_similarity_index_measure,
    structural_similarity_index_measure,
)

from ganvas.functional.images import from_uint8, resize
from ganvas.functional.quality import masked_mse, psnr_from_mse
from ganvas.functional.window import SMALLEST_MS_SSIM

if TYPE_CHECKING:
    from ganvas.network.lpips import Net


def psnr(pictures: Tensor, targets: Tensor) -> Tensor:
    """PSNR in dB, (B,), of uint8 pictures (B, 3, H, W) over the range [0, 255]."""
    return psnr_from_mse(masked_mse(pictures.double(), targets.double()), span=255.0)


def ssim(pictures: Tensor, targets: Tensor) -> Tensor:
    """SSIM (B,) of uint8 pictures by torchmetrics. Wang et al. 2004."""
    return _each(structural_similarity_index_measure, pictures, targets)


def ms_ssim(pictures: Tensor, targets: Tensor) -> Tensor | None:
    """Multi-scale SSIM (B,) by torchmetrics; None under 176 pixels. Wang et al. 2003."""
    if pictures.shape[-1] < SMALLEST_MS_SSIM:
        return None
    return _each(multiscale_structural_similarity_index_measure, pictures, targets)


def lpips(pictures: Tensor, targets: Tensor, net: Net, resolution: int) -> Tensor:
    """LPIPS (B,) of uint8 pictures, shrunken to `resolution`. Zhang et al. 2018."""
    from ganvas.network.lpips import perceptual_distance

    size = min(resolution, pictures.shape[-1])
    module = perceptual_distance(net, str(pictures.device)).module
    with torch.no_grad():
        values = [
            module(resize(from_uint8(a[None]), size), resize(from_uint8(b[None]), size)).flatten()
            for a, b in zip(pictures, targets, strict=True)
        ]
    return torch.cat(values)


def _each(function: Callable[..., Any], pictures: Tensor, targets: Tensor) -> Tensor:
    """Apply a torchmetrics function image by image, which bounds its memory."""
    values = [
        function(a[None].float(), b[None].float(), data_range=255.0)
        for a, b in zip(pictures, targets, strict=True)
    ]
    return torch.stack(values)
