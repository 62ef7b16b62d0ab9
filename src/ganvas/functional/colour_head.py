"""A linear head: the RGB of a picture from the features at each position."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from ganvas.functional.ridge import normal_equations, ridge


def fit_head(
    features: Float[Tensor, "B C h w"], pictures: Float[Tensor, "B 3 h w"], penalty: float
) -> Float[Tensor, "B C+1 3"]:
    """Return the heads (B, C + 1, 3) that map features to pictures best, image by image.

    Ridge regression over the positions of each image, for a penalty λ > 0 in standard deviations of
    the features; the last row is the bias. The head of an image that is not finite is not, either,
    and changes nothing for the others.
    """
    heads = [
        ridge(normal_equations(x.flatten(1).T, y.flatten(1).T), penalty, check=False).matrix
        for x, y in zip(features, pictures, strict=True)
    ]
    return torch.stack(heads).to(features.dtype)


def apply_head(
    features: Float[Tensor, "B C h w"], heads: Float[Tensor, "B C+1 3"]
) -> Float[Tensor, "B 3 h w"]:
    """Return the pictures (B, 3, h, w) that heads make of features."""
    weights, bias = heads[:, :-1].to(features.dtype), heads[:, -1:].to(features.dtype)
    flat = torch.baddbmm(bias.mT, weights.mT, features.flatten(2))
    return flat.reshape(len(features), 3, *features.shape[2:])
