"""A styled depthwise-separable convolution with noise and leaky ReLU, as one differentiable step.

A factor per channel commutes with a depthwise convolution, so the style is folded into the
pointwise weights. The backward pass computes the gradients that are wanted and keeps nothing that
they do not need; the weights are constants unless the generator is tuned.
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn import functional as F


def separable_layer(
    x: Float[Tensor, "B C h w"],
    style: Float[Tensor, "B C"],
    noise: Float[Tensor, "B 1 h w"],
    depthwise: Float[Tensor, "C 1 3 3"],
    pointwise: Float[Tensor, "D C 1 1"],
    bias: Float[Tensor, " D"],
    slope: float = 0.2,
) -> Float[Tensor, "B D h w"]:
    """Return leaky_relu(pointwise ∗ (depthwise ∗ (style · x)) + noise + bias).

    Args:
        x: (B, C, h, w).
        style: (B, C), a factor per channel.
        noise: (B, 1, h, w), already scaled by its strength.
        depthwise: (C, 1, 3, 3), one kernel per channel, padded to keep the size.
        pointwise: (D, C, 1, 1).
        bias: (D,).
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


INPUTS = ("x", "style", "noise", "depthwise", "pointwise", "bias", "slope")


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
        wanted = dict(zip(INPUTS, ctx.needs_input_grad, strict=True))
        kept = _pixels(filtered) if wanted["style"] or wanted["pointwise"] else None
        features = x if wanted["depthwise"] else None
        ctx.save_for_backward(y, kept, style, depthwise, pointwise, features)
        ctx.slope = slope
        ctx.noise_dtype = noise.dtype
        ctx.size = x.shape[-2:]
        return _image(y, ctx.size)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        y, filtered, style, depthwise, pointwise, features = ctx.saved_tensors
        # The slope is positive, so the output's sign is the input's.
        grad = torch.ops.aten.leaky_relu_backward(_pixels(grad), y, ctx.slope, True)
        wanted = dict(zip(INPUTS, ctx.needs_input_grad, strict=True))
        gradients: dict[str, Tensor | None] = dict.fromkeys(INPUTS)
        if wanted["noise"]:
            noise = _image(grad.sum(dim=2, keepdim=True), ctx.size)
            gradients["noise"] = noise.to(ctx.noise_dtype)
        if wanted["bias"]:
            gradients["bias"] = grad.sum(dim=(0, 1))
        deeper = wanted["x"] or wanted["depthwise"]
        if wanted["pointwise"] or (wanted["style"] and not deeper):
            weight = torch.bmm(grad.mT, filtered)
        if wanted["pointwise"]:
            gradients["pointwise"] = (weight * style.to(weight.dtype)[:, None, :]).sum(0)
        if wanted["style"] and not deeper:
            # By way of the weights that the style scales: they are fewer than the pixels.
            gradients["style"] = (weight * pointwise).sum(dim=1).to(style.dtype)
        if deeper:
            grad = grad @ pointwise
            if wanted["style"]:
                gradients["style"] = (grad * filtered).sum(dim=1).to(style.dtype)
            grad *= style[:, None, :]
            image = _image(grad, ctx.size)
        if wanted["depthwise"]:
            gradients["depthwise"] = _depthwise_gradient(features, image)
        if wanted["x"]:
            # The adjoint of a padded correlation is the correlation with the flipped kernel.
            gradients["x"] = _depthwise(image, depthwise.flip(2, 3))
        return tuple(gradients.values())


def _depthwise_gradient(x: Tensor, grad: Tensor) -> Tensor:
    """Return the gradient (C, 1, 3, 3) of `_depthwise`'s kernels: nine shifted products."""
    padded = F.pad(x, (1, 1, 1, 1))
    height, width = grad.shape[-2:]
    rows = [
        torch.stack(
            [
                (padded[..., i : i + height, j : j + width] * grad).sum(dim=(0, 2, 3))
                for j in range(3)
            ],
            dim=1,
        )
        for i in range(3)
    ]
    return torch.stack(rows, dim=1)[:, None]


def _depthwise(x: Tensor, kernels: Tensor) -> Tensor:
    return F.conv2d(x, kernels, padding=1, groups=x.shape[1])


def _pixels(x: Tensor) -> Tensor:
    """View (B, C, h, w) as (B, h·w, C)."""
    return x.permute(0, 2, 3, 1).flatten(1, 2)


def _image(x: Tensor, size: torch.Size) -> Tensor:
    """View (B, h·w, C) as (B, C, h, w)."""
    return x.view(len(x), *size, -1).permute(0, 3, 1, 2)
