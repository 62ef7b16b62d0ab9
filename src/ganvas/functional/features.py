"""Distances between feature maps: perceptual and style."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F


def mask_at(
    mask: Float[Tensor, "B 1 H W"], features: Float[Tensor, "_ C h w"]
) -> Float[Tensor, "B 1 h w"]:
    """Shrink a mask (B, 1, H, W) onto the grid of feature maps (B, C, h, w) by area."""
    return F.interpolate(mask, size=features.shape[-2:], mode="area")


def masked_features(
    features: Mapping[str, Float[Tensor, "B _ _ _"]], mask: Float[Tensor, "#B 1 H W"] | None
) -> dict[str, Float[Tensor, "B _ _ _"]]:
    """Multiply the mask, shrunk onto each map, onto all features; None leaves them."""
    if mask is None:
        return dict(features)
    return {name: maps * mask_at(mask, maps) for name, maps in features.items()}


def feature_distance(
    features: Mapping[str, Float[Tensor, "B _ _ _"]],
    targets: Mapping[str, Float[Tensor, "#B _ _ _"]],
) -> Float[Tensor, " B"]:
    """Perceptual distance per image (B,): Σ_j ‖F_j(G) − F_j(x)‖² / N_j.

    N_j is the number of scalars of layer j. Masks are multiplied onto both sides before. Source:
    Abdal et al. 2019, equation 2, and 2020, section 3.
    """
    distances = [(features[name] - targets[name]).square().flatten(1).mean(1) for name in targets]
    return torch.stack(distances).sum(0)


def gram(
    features: Float[Tensor, "B C h w"], mask: Float[Tensor, "#B 1 h w"] | None = None
) -> Float[Tensor, "B C C"]:
    """Gram matrix per image (B, C, C) of masked features: (M ⊙ F)(M ⊙ F)ᵀ / Σ M.

    Args:
        features: (B, C, h, w).
        mask: (B, 1, h, w) in [0, 1] on the same grid; None for all ones.

    The sum over positions is divided by the mask's area, so that a small region's style compares
    with a large one's. The paper leaves the normalisation open.
    """
    area: Tensor | int = features.shape[-2] * features.shape[-1]
    if mask is not None:
        features = features * mask
        area = mask.sum((1, 2, 3)).clamp_min(1e-6).view(-1, 1, 1)
    flat = features.flatten(2)
    return flat @ flat.transpose(1, 2) / area


def style_distance(
    grams: Float[Tensor, "B C C"], targets: Float[Tensor, "#B C C"]
) -> Float[Tensor, " B"]:
    """Mean squared difference of Gram matrices (B, C, C), per image: (B,). Gatys et al. 2016."""
    return (grams - targets).square().flatten(1).mean(1)
