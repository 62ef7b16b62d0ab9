"""Tiles side by side: how much each of them counts at a position, and their sum.

Tile k covers [k·s, k·s + c) of an axis, with the crop c, the overlap o and the stride s = c − o. At
joint k, in the middle of the overlap, tile k − 1 hands over to tile k along a straight ramp.

Source: Frühstück et al. 2019, "TileGAN", section 4, who join early activations and run the rest of
the network over them; the ramp instead of a cut is an addition.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor


def joints(count: int, stride: int, overlap: int) -> Float[Tensor, " {count}-1"]:
    """Return where `count` tiles meet, in samples, (count − 1,) in double precision."""
    return torch.arange(1, count, dtype=torch.float64) * stride + overlap / 2


def partition(
    positions: Float[Tensor, " P"], joints: Float[Tensor, " J"], width: float
) -> Float[Tensor, "P J+1"]:
    """Return what each of J + 1 tiles counts at each position; at least 0, and 1 in sum.

    Args:
        positions: (P,), in the samples of the joints, in double precision.
        joints: (J,), in ascending order, at least `width` apart.
        width: Length of a ramp; 0 for a step.
    """
    ahead = positions[:, None] - joints
    passed = (ahead / width + 0.5).clamp(0, 1) if width else (ahead >= 0).to(ahead)
    ones, zeros = passed.new_ones(len(passed), 1), passed.new_zeros(len(passed), 1)
    return (torch.cat((ones, passed), dim=1) - torch.cat((passed, zeros), dim=1)).float()


def centres(first: int, last: int, scale: float) -> Float[Tensor, " {last}-{first}"]:
    """Return the centres of the samples [first, last), in samples that are `scale` times larger."""
    return (torch.arange(first, last, dtype=torch.float64) + 0.5) / scale


def merge(
    pieces: Iterable[tuple[int, int, Float[Tensor, "#B C _ _"]]],
    rows: Float[Tensor, "H R"],
    columns: Float[Tensor, "W K"],
    into: Float[Tensor, "B C H W"],
    origin: tuple[int, int],
    stride: int,
) -> Float[Tensor, "B C H W"]:
    """Add crops of tiles, each weighted by what it counts at a position, to a window.

    Args:
        pieces: Row, column and crop (B, C, c, c) of each tile that reaches into the window.
        rows: What the tiles of each row count, (H, R).
        columns: What the tiles of each column count, (W, K).
        into: Zeros, (B, C, H, W), which are filled.
        origin: Row and column of the window's first sample.
        stride: Samples from one tile to the next.
    """
    height, width = into.shape[-2:]
    for row, column, crop in pieces:
        top, left = row * stride - origin[0], column * stride - origin[1]
        y0, y1 = max(top, 0), min(top + crop.shape[-2], height)
        x0, x1 = max(left, 0), min(left + crop.shape[-1], width)
        weight = rows[y0:y1, row, None] * columns[x0:x1, column]
        into[..., y0:y1, x0:x1] += weight * crop[..., y0 - top : y1 - top, x0 - left : x1 - left]
    return into


def spread(
    styles: Float[Tensor, "R K C"], rows: Float[Tensor, "H R"], columns: Float[Tensor, "W K"]
) -> Float[Tensor, "1 C H W"]:
    """Interpolate the tiles' styles over a window: (1, C, H, W).

    Args:
        styles: (R, K, C), one style for each tile.
        rows: What the tiles of each row count, (H, R).
        columns: What the tiles of each column count, (W, K).
    """
    across = torch.einsum("rkc,hr->hkc", styles, rows)
    return torch.matmul(columns, across).permute(2, 0, 1)[None]


def pooled(
    moments: Sequence[tuple[Float[Tensor, "1 C 1 1"], Float[Tensor, "1 C 1 1"]]],
) -> tuple[Float[Tensor, "1 C 1 1"], Float[Tensor, "1 C 1 1"]]:
    """Return mean and standard deviation of several images of one size taken together.

    Args:
        moments: Mean and standard deviation of each image, (1, C, 1, 1).
    """
    means, deviations = (torch.cat(values) for values in zip(*moments, strict=True))
    mean = means.mean(dim=0, keepdim=True)
    # From the mean: a difference of squares would lose a small deviation beside a large mean.
    square = (deviations.square() + (means - mean).square()).mean(dim=0, keepdim=True)
    return mean, torch.sqrt(square)
