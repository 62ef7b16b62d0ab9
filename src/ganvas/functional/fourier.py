"""StyleGAN3's input: Fourier features under a rotation and a translation.

Source: Karras et al. 2021 (StyleGAN3), section 3.2 and appendix F.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor


def rigid_transform(parameters: Float[Tensor, "B 4"]) -> Float[Tensor, "B 3 3"]:
    """Return the inverse transforms (B, 3, 3) of (cos, sin, x, y) in (B, 4), translation first.

    The four numbers are divided by the length of the first two, so that these are a rotation.
    """
    c, s, x, y = (parameters / parameters[:, :2].norm(dim=1, keepdim=True)).unbind(dim=1)
    zero, one = torch.zeros_like(c), torch.ones_like(c)
    rotation = torch.stack([c, -s, zero, s, c, zero, zero, zero, one], dim=1).view(-1, 3, 3)
    shift = torch.stack([one, zero, -x, zero, one, -y, zero, zero, one], dim=1).view(-1, 3, 3)
    return rotation @ shift


def fourier_features(
    transforms: Float[Tensor, "B 3 3"],
    frequencies: Float[Tensor, "C 2"],
    phases: Float[Tensor, " C"],
    *,
    size: int,
    rate: float,
    bandwidth: float,
) -> Float[Tensor, "B {size} {size} C"]:
    """Return sin(2π (f · p + φ)) on a grid of positions p, under transforms of the plane.

    Args:
        transforms: (B, 3, 3).
        frequencies: (C, 2), in cycles per image.
        phases: (C,), in cycles.
        size: Height and width of the grid.
        rate: Samples per image; the image is [−½, ½]², and the rest of the grid a margin.
        bandwidth: Frequencies above it fade out towards half the rate.

    Returns:
        (B, size, size, C).
    """
    phases = phases + (frequencies @ transforms[:, :2, 2:]).squeeze(2)
    frequencies = frequencies @ transforms[:, :2, :2]
    fade = 1 - (frequencies.norm(dim=2) - bandwidth) / (rate / 2 - bandwidth)
    points = (torch.arange(size, device=phases.device, dtype=phases.dtype) - (size - 1) / 2) / rate
    y, x = torch.meshgrid(points, points, indexing="ij")
    angles = torch.stack([x, y], dim=-1) @ frequencies.mT[:, None]
    waves = torch.sin(2 * math.pi * (angles + phases[:, None, None]))
    features: Tensor = waves * fade.clamp(0, 1)[:, None, None]
    return features
