"""Masks as tensors: shapes on a grid, growth, edges."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from ganvas.functional.blur import gaussian_blur


def grid(
    height: int, width: int, device: torch.device | str = "cpu"
) -> tuple[Float[Tensor, "{height} {width}"], Float[Tensor, "{height} {width}"]]:
    """Return the x and y (height, width) of the pixels' centres, in fractions of the image."""
    x = (torch.arange(width, device=device) + 0.5) / width
    y = (torch.arange(height, device=device) + 0.5) / height
    rows, columns = torch.meshgrid(y, x, indexing="ij")
    return columns, rows


def segment_distance(
    x: Float[Tensor, "*points"],
    y: Float[Tensor, "*points"],
    start: tuple[float, float],
    end: tuple[float, float],
) -> Float[Tensor, "*points"]:
    """Return the distance of the points (x, y) to the segment from `start` to `end`.

    >>> segment_distance(torch.tensor([0.5]), torch.tensor([0.3]), (0.0, 0.0), (1.0, 0.0)).item()
    0.30000001192092896
    """
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = dx * dx + dy * dy
    along = ((x - start[0]) * dx + (y - start[1]) * dy) / length if length > 0 else x * 0
    along = along.clamp(0, 1)
    return torch.hypot(x - start[0] - along * dx, y - start[1] - along * dy)


def fade_inward(mask: Float[Tensor, "B C H W"], sigma: float) -> Float[Tensor, "B C H W"]:
    """Return a mask (B, C, H, W) in [0, 1] whose edge fades inside of it: min(M, 2 G_σ M − 1).

    G_σ M is ½ on a straight edge, so that the fade starts there at 0 and is 1 about 2σ inside.

    Args:
        mask: M.
        sigma: σ in pixels; 0 leaves the mask.
    """
    if sigma <= 0:
        return mask
    return torch.minimum(mask, (2 * gaussian_blur(mask, sigma) - 1).clamp_min(0))


def dilate(mask: Float[Tensor, "B 1 H W"], radius: int) -> Float[Tensor, "B 1 H W"]:
    """Grow (B, 1, H, W) by `radius` pixels in every direction (a square); 0 changes nothing."""
    if radius <= 0:
        return mask
    grown = F.max_pool2d(mask, (1, 2 * radius + 1), stride=1, padding=(0, radius))
    return F.max_pool2d(grown, (2 * radius + 1, 1), stride=1, padding=(radius, 0))


def edge_weight(mask: Float[Tensor, "B 1 H W"]) -> Float[Tensor, "B 1 H W"]:
    """Return how much of the mask's edge runs through each pixel: |∇M|, (B, 1, H, W).

    Forward differences; it sums to about the edge's length in pixels, blurred or not.
    """
    dx = F.pad(mask[..., :, 1:] - mask[..., :, :-1], (0, 1, 0, 0))
    dy = F.pad(mask[..., 1:, :] - mask[..., :-1, :], (0, 0, 0, 1))
    return torch.hypot(dx, dy)


def inside_polygon(
    x: Float[Tensor, "*points"],
    y: Float[Tensor, "*points"],
    corners: Sequence[tuple[float, float]],
) -> Bool[Tensor, "*points"]:
    """Return whether the points (x, y) lie inside a closed polygon, by the even-odd rule.

    >>> inside_polygon(torch.tensor([0.2, 0.9]), torch.tensor([0.2, 0.9]), [(0, 0), (1, 0), (0, 1)])
    tensor([ True, False])
    """
    inside = torch.zeros_like(x, dtype=torch.bool)
    for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True):
        if y0 == y1:
            continue
        # A ray to the right crosses the edge: an odd number of crossings means inside.
        crosses = (y0 <= y) != (y1 <= y)
        inside ^= crosses & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return inside
