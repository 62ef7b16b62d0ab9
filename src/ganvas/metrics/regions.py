"""Metrics of an edit: inside and outside of its mask, along the mask's edge, and of identity."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ganvas.functional.images import from_uint8, resize
from ganvas.functional.masks import edge_weight
from ganvas.functional.quality import psnr_from_mse
from ganvas.metrics.measure import Values
from ganvas.metrics.options import Metrics


def measure_regions(
    metrics: Metrics,
    names: tuple[str, ...],
    pictures: Tensor,
    inside: Tensor,
    outside: Tensor,
    mask: Tensor,
) -> Values:
    """Measure 8-bit pictures (B, 3, H, W) against what they should resemble in and out of a mask.

    Args:
        metrics: What is asked for.
        names: The images' names.
        pictures: The edit's result, uint8.
        inside: What it should resemble where the mask is 1, uint8.
        outside: What it should resemble where the mask is 0, uint8.
        mask: (B, 1, H, W) in [0, 1].
    """
    size = metrics.lpips_resolution
    functions = {
        "psnr_inside": lambda: region_psnr(pictures, inside, mask),
        "psnr_outside": lambda: region_psnr(pictures, outside, 1 - mask),
        "lpips_inside": lambda: region_lpips(pictures, inside, mask, size),
        "lpips_outside": lambda: region_lpips(pictures, outside, 1 - mask, size),
        "seam": lambda: seam(pictures, inside, outside, mask),
    }
    values: Values = {name: {} for name in names}
    for metric in metrics.names:
        if metric in functions:
            for name, value in zip(names, functions[metric]().tolist(), strict=True):
                values[name][metric] = float(f"{value:.7g}")
    return values


def region_psnr(pictures: Tensor, targets: Tensor, mask: Tensor) -> Tensor:
    """PSNR in dB (B,) over the region: squared errors weighted by the mask, per its area."""
    error = (pictures.double() - targets.double()).square().mean(1, keepdim=True)
    mse = (error * mask).sum((1, 2, 3)) / mask.sum((1, 2, 3)).clamp_min(1e-6)
    return psnr_from_mse(mse, span=255.0)


def region_lpips(pictures: Tensor, targets: Tensor, mask: Tensor, resolution: int) -> Tensor:
    """LPIPS-VGG (B,), its spatial map averaged over the region."""
    from ganvas.network.lpips import perceptual_distance

    size = min(resolution, pictures.shape[-1])
    network = perceptual_distance("vgg", str(pictures.device))
    values = []
    with torch.no_grad():
        for a, b, m in zip(pictures, targets, mask, strict=True):
            reference = network.reference(resize(from_uint8(b[None]), size))
            region = resize(m[None].float(), size)
            values.append(network(resize(from_uint8(a[None]), size), reference, region))
    return torch.cat(values)


def seam(pictures: Tensor, inside: Tensor, outside: Tensor, mask: Tensor) -> Tensor:
    """How much steeper a picture is along the mask's edge than the photos are there, (B,).

    The mean absolute gradient across the edge, in 8-bit steps per pixel, minus that of the steeper
    photo. 0 or less means no visible seam.
    """
    weight = edge_weight(mask)

    def steepness(images: Tensor) -> Tensor:
        luma = images.double().mean(1, keepdim=True)
        return (edge_weight(luma) * weight).sum((1, 2, 3)) / weight.sum((1, 2, 3)).clamp_min(1e-6)

    return steepness(pictures) - torch.maximum(steepness(inside), steepness(outside))


def measure_identity(
    metrics: Metrics, names: tuple[str, ...], pictures: Tensor, sources: Mapping[str, Tensor]
) -> Values:
    """Measure the similarity of the faces in 8-bit pictures to those in each source image."""
    values: Values = {name: {} for name in names}
    wanted = [source for source in sources if f"identity_{source}" in metrics.names]
    if not wanted:
        return values
    from ganvas.network.arcface import identities

    own = identities(from_uint8(pictures))
    for source in wanted:
        similarity = (own * identities(from_uint8(sources[source]))).sum(1)
        for name, value in zip(names, similarity.tolist(), strict=True):
            values[name][f"identity_{source}"] = float(f"{value:.7g}")
    return values
