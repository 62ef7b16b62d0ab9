"""Convolution whose weights are scaled by a style and normalised again.

Source: Karras et al. 2020 (StyleGAN2), section 2.2, equations 1 and 3:

    w'_oik = s_i · w_oik,        w''_oik = w'_oik / sqrt(Σ_ik w'_oik² + ε)

The scale of an input channel may as well act on the activation, and that of an output channel on
the result. Written that way the weights stay the same for the whole batch, and a gradient with
respect to the style costs an element-wise product instead of a gradient of all the weights.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from ganvas.functional.resample import filter2d

EPSILON = 1e-8
SMALLEST = torch.finfo(torch.float32).tiny


def modulated_conv2d(
    x: Float[Tensor, "B I H W"],
    weight: Float[Tensor, "O I k k"],
    style: Float[Tensor, "B I *space"],
    *,
    demodulate: bool = True,
    padding: int = 0,
    upsample: Float[Tensor, "4 4"] | None = None,
    gain: float = 1.0,
    bias: Float[Tensor, " O"] | None = None,
) -> Float[Tensor, "B O _ _"]:
    """Convolve x with weights that the style scales per input channel.

    In half precision weights and styles are first divided by their maximum, which demodulation
    cancels, so that nothing overflows; what is 0 everywhere stays 0.

    Args:
        x: (B, I, H, W).
        weight: (O, I, k, k), in float32.
        style: (B, I), in float32; or (B, I, H, W), where each position has a style of its own,
            which scales the input there and normalises the output there.
        demodulate: Give each output map unit variance again (equation 3).
        padding: Zeros around x; without meaning when upsampling.
        upsample: Low-pass kernel (4, 4); with it the result has twice the resolution.
        gain: A factor of the result.
        bias: (O,), added to it then.

    Returns:
        (B, O, H', W') in the precision of x.
    """
    if demodulate and x.dtype == torch.float16:
        peak = weight.abs().amax(dim=(1, 2, 3), keepdim=True) * math.sqrt(weight[0].numel())
        weight = weight / peak.clamp_min(SMALLEST)
        peak = style.abs().flatten(1).amax(dim=1).clamp_min(SMALLEST)
        style = style / peak.view(-1, *[1] * (style.ndim - 1))
    y = scaled(x, style.to(x.dtype))
    if upsample is None:
        y = F.conv2d(y, weight.to(x.dtype), padding=padding)
    else:
        y = F.conv_transpose2d(y, weight.to(x.dtype).transpose(0, 1), stride=2)
        y = filter2d(y, 4 * upsample, padding=1)
    if not demodulate:
        y = y if gain == 1 else y * gain
        return y if bias is None else y + bias.to(y.dtype)[:, None, None]
    factor = (gain * demodulation(weight, style)).to(y.dtype)
    if bias is None:
        return scaled(y, factor)
    # Both in one pass: in late layers it is memory that a step waits for.
    return torch.addcmul(bias.to(y.dtype)[:, None, None], y, over_space(factor, y))


def demodulation(
    weight: Float[Tensor, "O I k k"], style: Float[Tensor, "B I *space"]
) -> Float[Tensor, "B O *space"]:
    """Return 1 / sqrt(Σ_ik (s_i w_oik)² + ε), (B, O), for weight (O, I, k, k) and style (B, I).

    A style (B, I, H, W) gives (B, O, H, W): at each position what an image of that style has.
    """
    energy = weight.square().sum(dim=(2, 3))
    # Under autocast a style is of another precision than the weights.
    power = torch.tensordot(style.to(energy.dtype).square(), energy, dims=([1], [1]))
    return torch.rsqrt(power.movedim(-1, 1) + EPSILON)


def scaled(
    x: Float[Tensor, "B C H W"], style: Float[Tensor, "B C *space"]
) -> Float[Tensor, "B C H W"]:
    """Return x (B, C, H, W) times a style, in any of the shapes that `over_space` takes."""
    if style.ndim == 2 or style.shape[-2:] == x.shape[-2:]:
        return x * over_space(style, x)
    # The four samples that share a style as axes of their own, so that nothing is repeated in
    # memory. The batch stays the outermost axis: by its stride convolutions know the layout of x.
    batch, channels, height, width = x.shape
    fours = x.permute(0, 2, 3, 1).view(batch, height // 2, 2, width // 2, 2, channels)
    y = fours * style.permute(0, 2, 3, 1)[:, :, None, :, None]
    return y.flatten(3, 4).flatten(1, 2).permute(0, 3, 1, 2)


def over_space(style: Float[Tensor, "B C *space"], x: Float[Tensor, "B _ H W"]) -> Tensor:
    """Return a style in the shape in which it scales x (B, C, H, W).

    Args:
        style: (B, C); or (B, C, H, W), or of half that size: then four samples of x share one.
        x: What it will scale, or be added to.
    """
    if style.ndim == 2:
        return style[:, :, None, None]
    if style.shape[-2:] == x.shape[-2:]:
        return style
    return style.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)


def unhalved(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return x in float32 if it is in half precision, and as it is otherwise."""
    return x.float() if x.dtype == torch.float16 else x
