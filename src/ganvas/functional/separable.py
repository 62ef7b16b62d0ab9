"""A styled depthwise-separable convolution with noise and leaky ReLU, as one differentiable step.

A factor per channel commutes with a depthwise convolution, so the style is folded into the
pointwise weights. The weights are constants: the backward pass computes the gradients of the
features, the style and the noise alone, and keeps nothing that the wanted ones do not need.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn import functional as F


def separable_layer(
    x: Tensor,
    style: Tensor,
    noise: Tensor,
    depthwise: Tensor,
    pointwise: Tensor,
    bias: Tensor,
    slope: float = 0.2,
) -> Tensor:
    """Return leaky_relu(pointwise ∗ (depthwise ∗ (style · x)) + noise + bias).

    Args:
        x: (B, C, h, w).
        style: (B, C), a factor per channel.
        noise: (B, 1, h, w), already scaled by its strength.
        depthwise: (C, 1, 3, 3), one kernel per channel, padded to keep the size; a constant.
        pointwise: (D, C, 1, 1), a constant.
        bias: (D,), a constant.
        slope: Slope of the leaky ReLU below zero, above 0.

    Returns:
        (B, D, h, w), its channels last in memory.
    """
    # One layout always, so that resuming from a copied activation gives the same bits.
    x = x.contiguous(memory_format=torch.channels_last)
    y: Tensor = _SeparableLayer.apply(
        x, style, noise, depthwise, pointwise[:, :, 0, 0], bias, slope
    )
    return y


class _SeparableLayer(Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        style: Tensor,
        noise: Tensor,
        depthwise: Tensor,
        pointwise: Tensor,
        bias: Tensor,
        slope: float,
    ) -> Tensor:
        depthwise, pointwise = depthwise.to(x.dtype), pointwise.to(x.dtype)
        with torch.autocast(x.device.type, enabled=False):
            filtered = _depthwise(x, depthwise)
            weight = pointwise * style.to(x.dtype)[:, None, :]
            y = torch.bmm(_pixels(filtered), weight.mT)
            y += bias
            y += _pixels(noise)
            F.leaky_relu_(y, slope)
        kept = _pixels(filtered) if style.requires_grad else None
        ctx.save_for_backward(y, kept, style, depthwise, pointwise)
        ctx.slope = slope
        ctx.noise_dtype = noise.dtype
        ctx.size = x.shape[-2:]
        return _image(y, ctx.size)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        y, filtered, style, depthwise, pointwise = ctx.saved_tensors
        # The slope is positive, so the output's sign is the input's.
        grad = torch.ops.aten.leaky_relu_backward(_pixels(grad), y, ctx.slope, True)
        x_grad = style_grad = noise_grad = None
        if ctx.needs_input_grad[2]:
            noise_grad = _image(grad.sum(dim=2, keepdim=True), ctx.size).to(ctx.noise_dtype)
        if ctx.needs_input_grad[0] or ctx.needs_input_grad[1]:
            grad = grad @ pointwise
        if ctx.needs_input_grad[1]:
            style_grad = (grad * filtered).sum(dim=1).to(style.dtype)
        if ctx.needs_input_grad[0]:
            grad *= style[:, None, :]
            # The adjoint of a padded correlation is the correlation with the flipped kernel.
            x_grad = _depthwise(_image(grad, ctx.size), depthwise.flip(2, 3))
        return x_grad, style_grad, noise_grad, None, None, None, None


def _depthwise(x: Tensor, kernels: Tensor) -> Tensor:
    return F.conv2d(x, kernels, padding=1, groups=x.shape[1])


def _pixels(x: Tensor) -> Tensor:
    """View (B, C, h, w) as (B, h·w, C)."""
    return x.permute(0, 2, 3, 1).flatten(1, 2)


def _image(x: Tensor, size: torch.Size) -> Tensor:
    """View (B, h·w, C) as (B, C, h, w)."""
    return x.view(len(x), *size, -1).permute(0, 3, 1, 2)
