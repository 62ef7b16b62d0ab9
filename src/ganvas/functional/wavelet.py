"""The two-dimensional Haar transform of a batch of feature maps."""

from __future__ import annotations

import torch
from torch import Tensor


def inverse_haar(x: Tensor) -> Tensor:
    """Merge four bands of (B, 4C, h, w) into maps (B, C, 2h, 2w) of twice the size.

    The first C channels are the low band; the rest, seen as [C, 3], are for each map the bands that
    differ from row to row, from column to column, and in both. The transform is orthonormal:
    out[2i + a, 2j + b] = ½(ll + (−1)ᵃ·lh + (−1)ᵇ·hl + (−1)ᵃ⁺ᵇ·hh).

    Source: Haar 1910; used as an upsampling in MobileStyleGAN, Belousov 2021.
    """
    batch, channels, height, width = x.shape
    count = channels // 4
    ll = x[:, :count]
    lh, hl, hh = x[:, count:].view(batch, count, 3, height, width).unbind(2)
    out = x.new_empty(batch, count, height, 2, width, 2)
    half_ll, half_hl = ll * 0.5, hl * 0.5
    for column, sign in enumerate((1.0, -1.0)):
        low = half_ll + sign * half_hl
        high = torch.add(lh, hh, alpha=sign)
        out[:, :, :, 0, :, column] = torch.add(low, high, alpha=0.5)
        out[:, :, :, 1, :, column] = torch.add(low, high, alpha=-0.5)
    return out.view(batch, count, 2 * height, 2 * width)
