"""Meeting the colours of the surroundings along the edge of a mask of any shape.

Source: Pérez, Gangnet and Blake 2003, *Poisson Image Editing*: what has a picture's gradients
inside and the surroundings' values on the edge is the picture plus a membrane, a harmonic function
that takes the difference on the edge and spreads it without a maximum of its own.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

CELLS = 128
"""Height and width at which a membrane is computed; it is smooth, and resized to the picture."""
SWEEPS = 32
"""Sweeps per level. From the level below come values that are right but for their finest part."""


def seamless(
    picture: Float[Tensor, "B C H W"],
    around: Float[Tensor, "B C H W"],
    mask: Float[Tensor, "B 1 H W"],
) -> Float[Tensor, "B C H W"]:
    """Return `picture` with its own gradients where the mask is 1, in the colours around it.

    Args:
        picture: (B, C, H, W), what is to be seen where the mask is 1.
        around: (B, C, H, W), what its edge has to meet; not looked at where the mask is 1.
        mask: (B, 1, H, W) in [0, 1].
    """
    seen = (mask < 1).to(picture.dtype)
    difference = torch.where(mask < 1, around - picture, 0)
    # Noise along the edge is no colour: a cell takes the mean over what is seen in it.
    height, width = picture.shape[-2:]
    cells = min(CELLS, height), min(CELLS, width)
    share = F.adaptive_avg_pool2d(seen, cells)
    mean = F.adaptive_avg_pool2d(difference, cells) / share.clamp_min(1e-6)
    spread = membrane(mean, share > 0)
    return picture + F.interpolate(spread, (height, width), mode="bilinear", align_corners=False)


def membrane(
    values: Float[Tensor, "B C h w"], known: Bool[Tensor, "B 1 h w"]
) -> Float[Tensor, "B C h w"]:
    """Return about the discrete harmonic function that agrees with `values` where they are known.

    Each unknown point becomes the mean of its four neighbours, by sweeps from coarse to fine; at
    the picture's border the function goes straight on. After so many sweeps it is within a few
    per cent of the values' range of the exact one. Zero where nothing at all is known.

    Args:
        values: (B, C, h, w).
        known: (B, 1, h, w).
    """
    height, width = values.shape[-2:]
    if max(height, width) == 1:
        return torch.where(known, values, 0)
    seen = known.to(values.dtype)
    share = F.avg_pool2d(seen, 2, ceil_mode=True)
    mean = F.avg_pool2d(values * seen, 2, ceil_mode=True) / share.clamp_min(1e-6)
    coarse = membrane(mean, share > 0)
    guess = F.interpolate(coarse, scale_factor=2, mode="bilinear", align_corners=False)
    sheet = torch.where(known, values, guess[..., :height, :width])
    for _ in range(SWEEPS):
        padded = F.pad(sheet, (1, 1, 1, 1), mode="replicate")
        across = padded[..., 1:-1, :-2] + padded[..., 1:-1, 2:]
        down = padded[..., :-2, 1:-1] + padded[..., 2:, 1:-1]
        sheet = torch.where(known, values, (across + down) / 4)
    return sheet
