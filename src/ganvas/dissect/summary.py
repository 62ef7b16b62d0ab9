"""From counts to a dissection: thresholds, scores of units, correlations of styles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from ganvas.dissect.concepts import SIDE
from ganvas.dissect.counts import Counts
from ganvas.dissect.dissection import Dissection, Units
from ganvas.embedding.embedding import style_widths

if TYPE_CHECKING:
    from torch import Tensor

    from ganvas.generator.base import Generator

Threshold = Literal["quality", "quantile"]


def summarised(
    counts: Counts,
    edges: Mapping[str, Tensor],
    concepts: tuple[str, ...],
    generator: Generator,
    threshold: Threshold = "quality",
    quantile: float = 0.99,
) -> Dissection:
    """Turn counts into a dissection.

    Args:
        counts: Over all samples.
        edges: Thresholds (U, E) of each layer's units.
        concepts: Names.
        generator: The generator that was dissected.
        threshold: The threshold of a unit for a concept: that of the highest information quality
            ratio, or a quantile of the unit.
        quantile: Which one.
    """
    from ganvas.functional.dissection import threshold_levels

    index = int((threshold_levels() < quantile).sum().clamp(max=len(threshold_levels()) - 1))
    layers = {}
    for name, layer in counts.layers.items():
        fixed = index if threshold == "quantile" else None
        everything = layer.joint.sum(0), layer.total.sum(0)
        iou, quality, chosen = _scores(*everything, fixed)
        _, _, of_even = _scores(layer.joint[0], layer.total[0], fixed)
        fresh, _, _ = _scores(layer.joint[1], layer.total[1], of_even)
        pixels = layer.joint.sum(0).sum(-1)
        on = (layer.inside / pixels.clamp_min(1)).float()
        values = edges[name].float()
        at = values.expand(len(concepts), -1, -1).gather(-1, chosen[..., None])[..., 0]
        layers[name] = Units(iou, fresh, quality, at, on, values[:, 0].clone(), iou * 0, iou * 0)
    present = (counts.pixels >= SIDE**2 / 1000).sum(0)
    return Dissection(
        concepts=concepts,
        layers=layers,
        generator_hash=generator.source_hash,
        samples=len(counts.pixels),
        share=(counts.pixels.double().mean(0) / SIDE**2).float(),
        present=present,
        styles=correlations(counts.pixels, counts.styles),
        style_mean=counts.styles.double().mean(0).float(),
        style_std=counts.styles.double().std(0, correction=0).float(),
        style_effect=iou.new_zeros(len(concepts), counts.styles.shape[1]),
        widths=tuple(style_widths(generator)),
    )


def _scores(joint: Tensor, total: Tensor, at: Tensor | int | None) -> tuple[Tensor, Tensor, Tensor]:
    """Return IoU, information quality ratio and index (K, U) of the threshold.

    Args:
        joint: (K, U, B).
        total: (U, B).
        at: Which threshold; None: that of the highest ratio among those at which the unit is active
            inside of the concept more often than elsewhere. Where there is none, the highest: at a
            low one, above which nearly everything lies, a unit that shuns the concept would have
            the concept's share of the picture as its IoU.
    """
    import torch

    from ganvas.functional.dissection import (
        above,
        information_quality_ratio,
        intersection_over_union,
    )

    iou, quality = intersection_over_union(joint, total), information_quality_ratio(joint, total)
    if at is None:
        expected = above(total).double() * joint.sum(-1, keepdim=True).double()
        more = above(joint).double() * total.sum(-1, keepdim=True).double() > expected
        best, last = torch.where(more, quality, -1.0).argmax(-1), quality.shape[-1] - 1
        at = best.where(more.any(-1), last)
    elif isinstance(at, int):
        at = torch.full(iou.shape[:-1], at)
    index = at[..., None]
    return iou.gather(-1, index)[..., 0], quality.gather(-1, index)[..., 0], at


def correlations(pixels: Tensor, styles: Tensor) -> Tensor:
    """Return Pearson's correlation (K, S) of areas (N, K) with styles (N, S); 0 for constants.

    A style has no map, so what tells about it is whether the concept grows and shrinks with it.
    """
    area = pixels.double() - pixels.double().mean(0)
    style = styles.double() - styles.double().mean(0)
    scale = area.square().sum(0).sqrt()[:, None] * style.square().sum(0).sqrt()
    return ((area.T @ style) / scale.clamp_min(1e-12)).float()
