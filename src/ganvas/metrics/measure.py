"""Measure what a stage or a run has made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from statistics import fmean

import torch
from torch import Tensor

from ganvas.embedding import Embedding
from ganvas.functional.images import to_uint8
from ganvas.generator.base import Generator
from ganvas.metrics import pictures as picture_metrics
from ganvas.metrics.options import Metrics

Values = dict[str, dict[str, float]]
"""Per image name, the value of each metric."""


def measure_pictures(
    metrics: Metrics, names: tuple[str, ...], pictures: Tensor, targets: Tensor
) -> Values:
    """Measure 8-bit pictures (B, 3, H, W) against their targets, image by image."""
    size = metrics.lpips_resolution
    functions: dict[str, Callable[[], Tensor | None]] = {
        "psnr": lambda: picture_metrics.psnr(pictures, targets),
        "ssim": lambda: picture_metrics.ssim(pictures, targets),
        "ms_ssim": lambda: picture_metrics.ms_ssim(pictures, targets),
        "lpips": lambda: picture_metrics.lpips(pictures, targets, "vgg", size),
        "lpips_alex": lambda: picture_metrics.lpips(pictures, targets, "alex", size),
    }
    values: Values = {name: {} for name in names}
    for metric in metrics.names:
        if metric in functions and (found := functions[metric]()) is not None:
            _enter(values, metric, found)
    return values


def measure_embedding(
    metrics: Metrics,
    embedding: Embedding,
    generator: Generator,
    targets: Tensor,
    seed: int,
    micro_batch: int,
) -> Values:
    """Measure what needs the embedding: its distance from w_avg, and how much the noise carries."""
    values: Values = {name: {} for name in embedding.names}
    if "w_distance" in metrics.names and embedding.space != "s":
        _enter(values, "w_distance", w_distance(embedding.rows(generator), generator))
    if "psnr_resampled_noise" in metrics.names and embedding.noise:
        rng = torch.Generator().manual_seed(seed + 1)
        fresh = generator.sample_noise(1, rng)
        noise = tuple(n.expand_as(old) for n, old in zip(fresh, embedding.noise, strict=True))
        other = replace(embedding, noise=noise)
        render = to_uint8(other.render(generator, micro_batch))
        _enter(values, "psnr_resampled_noise", picture_metrics.psnr(render, targets))
    return values


def w_distance(w: Tensor, generator: Generator) -> Tensor:
    """‖w − w_avg‖₂ (B,), root mean square over the effective rows of w+ (B, rows, w_dim)."""
    rows = w[:, list(generator.effective_rows)] - generator.w_avg
    return rows.square().sum(2).mean(1).sqrt()


def mean(values: Values) -> dict[str, float]:
    """Return the mean over images of each metric."""
    first = next(iter(values.values()), {})
    return {metric: fmean(v[metric] for v in values.values()) for metric in first}


def _enter(values: Values, metric: str, found: Tensor) -> None:
    for entry, value in zip(values.values(), found.tolist(), strict=True):
        entry[metric] = float(f"{value:.7g}")
