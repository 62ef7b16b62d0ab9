"""The mapping network of StyleGAN: from z ~ N(0, 1) to w."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F


def pixel_norm(x: Float[Tensor, "*batch C"], eps: float = 1e-8) -> Float[Tensor, "*batch C"]:
    """Scale each vector (…, C) to a mean square of one.

    Source: Karras et al. 2018, Progressive growing of GANs, section 4.2.
    """
    return x * torch.rsqrt(x.square().mean(dim=-1, keepdim=True) + eps)


def style_mapping(
    z: Float[Tensor, "B z_dim"],
    layers: Iterable[tuple[Float[Tensor, "_ _"], Float[Tensor, " _"]]],
    slope: float = 0.2,
) -> Float[Tensor, "B w_dim"]:
    """Map z to w through normalisation and dense layers with leaky ReLU and gain √2.

    Args:
        z: (B, z_dim).
        layers: (weight (out, in), bias (out,)) of each layer, learning-rate gains folded in.
        slope: Slope of the leaky ReLU below zero.

    Source: Karras et al. 2020, StyleGAN2.
    """
    x = pixel_norm(z)
    for weight, bias in layers:
        x = F.leaky_relu(F.linear(x, weight, bias), slope) * math.sqrt(2)
    return x


def style_mixed(
    first: Float[Tensor, "B rows w_dim"],
    second: Float[Tensor, "B rows w_dim"],
    change: Int[Tensor, "B 1"],
    chosen: Bool[Tensor, "B 1"],
) -> Float[Tensor, "B rows w_dim"]:
    """Return w+ with the rows from `change` on of the second latent, where an image is chosen.

    Source: mixing regularisation, Karras et al. 2019, section 3.1.
    """
    is_second = chosen & (torch.arange(first.shape[1], device=first.device) >= change)
    return torch.where(is_second[..., None], second, first)
