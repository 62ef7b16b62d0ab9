"""Losses of a generative adversarial network, and what steadies its training."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def generator_loss(fake: Float[Tensor, " B"]) -> Float[Tensor, ""]:
    """Return the mean of −log σ(D(G(z))), the non-saturating loss, for scores D(G(z)) (B,).

    Source: Goodfellow et al. 2014, section 3.
    """
    return F.softplus(-fake).mean()


def discriminator_loss(real: Float[Tensor, " B"], fake: Float[Tensor, " B"]) -> Float[Tensor, ""]:
    """Return the mean of −log σ(D(x)) − log(1 − σ(D(G(z)))) for scores of real and drawn images."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def r1_penalty(scores: Float[Tensor, " B"], images: Float[Tensor, "B C H W"]) -> Float[Tensor, ""]:
    """Return the mean squared norm of the gradient of the scores with respect to real images.

    The penalty itself has a gradient. Source: Mescheder et al. 2018, equation 9, without γ/2.
    """
    (gradient,) = torch.autograd.grad(scores.sum(), images, create_graph=True)
    return gradient.square().sum((1, 2, 3)).mean()


def with_deviation(x: Float[Tensor, "B C H W"], group: int) -> Float[Tensor, "B C+1 H W"]:
    """Add a map that says how much the members of a group differ: (B, C + 1, H, W).

    Members of a group stand side by side; its map holds the standard deviation over them, averaged
    over channels and positions, so that a generator that draws one image again and again is seen.

    Args:
        x: (B, C, H, W).
        group: Members; the last group may have fewer.

    Source: Karras et al. 2018, Progressive growing of GANs, section 3.
    """
    parts = [x[start : start + group].float() for start in range(0, len(x), group)]
    deviations = [
        (part.var(0, unbiased=False) + 1e-8).sqrt().mean().expand(len(part)) for part in parts
    ]
    maps = torch.cat(deviations).to(x.dtype)[:, None, None, None]
    return torch.cat([x, maps.expand(-1, 1, *x.shape[2:])], dim=1)


def halving_weight(weight: Float[Tensor, "O I 3 3"]) -> Float[Tensor, "O I 4 4"]:
    """Return the weight with which a stride of two convolves and takes means of 2 × 2 at once.

    Source: Karras et al. 2019, the fused downscaling of their discriminator.
    """
    padded = F.pad(weight, (1, 1, 1, 1))
    corners = padded[..., 1:, 1:] + padded[..., :-1, 1:] + padded[..., 1:, :-1]
    return (corners + padded[..., :-1, :-1]) / 4
