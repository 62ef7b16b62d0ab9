"""The two-dimensional Haar transform of a batch of feature maps, and its scaled inverse."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable


def haar(x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B 4*C H//2 W//2"]:
    """Split maps (B, C, 2h, 2w) into four bands of half the size: (B, 4C, h, w).

    The bands follow each other, C channels each: the mean, the difference between rows, the
    difference between columns, and both. The transform is orthonormal.

    Source: Haar 1910.
    """
    batch, count, height, width = x.shape
    pixels = x.permute(0, 2, 3, 1).reshape(batch, height // 2, 2, width // 2, 2, count)
    top, bottom = pixels[:, :, 0], pixels[:, :, 1]
    row_sum, row_difference = top + bottom, top - bottom
    bands = x.new_empty(batch, height // 2, width // 2, 4, count)
    for band, rows in enumerate((row_sum, row_difference)):
        left, right = rows[..., 0, :], rows[..., 1, :]
        torch.add(left, right, out=bands[..., band, :])
        torch.sub(left, right, out=bands[..., band + 2, :])
    return bands.mul_(0.5).flatten(3).permute(0, 3, 1, 2)


def inverse_haar(
    x: Float[Tensor, "B C h w"], gain: Float[Tensor, "B C"] | None = None
) -> Float[Tensor, "B C//4 2*h 2*w"]:
    """Merge four bands (B, 4C, h, w), each channel times its gain, into maps (B, C, 2h, 2w).

    out[2i + a, 2j + b] = ½(ll + (−1)ᵃ·lh + (−1)ᵇ·hl + (−1)ᵃ⁺ᵇ·hh), the inverse of `haar`.

    Args:
        x: (B, 4C, h, w), the bands ll, lh, hl, hh with C channels each.
        gain: (B, 4C), or None for a gain of one.

    Source: used as an upsampling in MobileStyleGAN, Belousov 2021.
    """
    if gain is None:
        gain = x.new_ones(x.shape[:2])
    merged: Tensor = _InverseHaar.apply(x, gain)
    return merged


class _InverseHaar(Function):
    # The transform is orthonormal, so its backward pass is the forward transform.

    @staticmethod
    def forward(ctx: Any, x: Tensor, gain: Tensor) -> Tensor:
        ctx.save_for_backward(x if gain.requires_grad else None, gain)
        return _merge(x, gain)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, gain = ctx.saved_tensors
        bands = haar(grad)
        gain_grad = None
        if ctx.needs_input_grad[1]:
            gain_grad = (bands * x).sum(dim=(2, 3))
        x_grad = bands.mul_(gain[:, :, None, None]) if ctx.needs_input_grad[0] else None
        return x_grad, gain_grad


def _merge(x: Tensor, gain: Tensor) -> Tensor:
    batch, channels, height, width = x.shape
    count = channels // 4
    half = (0.5 * gain).to(x.dtype)[:, None, None, :]
    bands = (x.permute(0, 2, 3, 1) * half).view(batch, height, width, 4, count)
    ll, lh, hl, hh = bands.unbind(3)
    out = x.new_empty(batch, height, 2, width, 2, count)
    for row, combine in enumerate((torch.add, torch.sub)):
        low, high = combine(ll, lh), combine(hl, hh)
        torch.add(low, high, out=out[:, :, row, :, 0])
        torch.sub(low, high, out=out[:, :, row, :, 1])
    return out.view(batch, 2 * height, 2 * width, count).permute(0, 3, 1, 2)
