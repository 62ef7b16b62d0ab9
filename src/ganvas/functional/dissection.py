"""How well units of a network agree with concepts in its pictures, counted in pixels.

A unit's map u is compared with a concept's mask c over many pictures. All counts are integers, so
that shards of samples add up to the same result in any order, and every threshold on the way from
one histogram. Source: Bau et al. 2019, *GAN Dissection*, section 3.1 and appendix.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor


def threshold_levels(low: int = 24, high: int = 40, rarest: float = 5e-4) -> Float[Tensor, " E"]:
    """Return quantile levels in (0, 1) for thresholds, dense where units are rarely above them.

    Args:
        low: Levels in even steps below one half.
        high: Levels from one half on, at which the share above falls in even ratios.
        rarest: The share above the last level.

    >>> threshold_levels(1, 2, 0.25)
    tensor([0.2500, 0.5000, 0.7500])
    """
    even = torch.arange(1, low + 1, dtype=torch.float64) / (2 * (low + 1))
    ratios = torch.linspace(0, 1, high, dtype=torch.float64)
    above = 0.5 * (rarest / 0.5) ** ratios
    return torch.cat([even, 1 - above]).float()


def quantiles(values: Float[Tensor, "U P"], levels: Float[Tensor, " E"]) -> Float[Tensor, "U E"]:
    """Return quantiles of each row: the value below which about a share `level` of it lies.

    One of the values themselves, so that no interpolation invents a threshold. torch's own quantile
    refuses more than 16 million values.
    """
    ordered = values.sort(dim=1).values
    index = (levels.double() * (values.shape[1] - 1)).round().long()
    return ordered[:, index.to(values.device)]


def pixels_per_cell(masks: Bool[Tensor, "K H W"], size: int) -> Int[Tensor, "K {size} {size}"]:
    """Count each concept's pixels in the cells of a `size` × `size` grid that H and W divide."""
    height, width = masks.shape[-2:]
    area = (height // size) * (width // size)
    share = F.avg_pool2d(masks[None].float(), (height // size, width // size))[0]
    return (share * area).round().long()


def joint_histogram(
    units: Float[Tensor, "U P"], edges: Float[Tensor, "U E"], pixels: Int[Tensor, "K P"]
) -> Int[Tensor, "K U B"]:
    """Count pixels by concept, unit and bin of the unit's value; there are B = E + 1 bins.

    A value v falls into the bin of as many edges as lie below it, so v is above edge k where its
    bin is above k.

    Args:
        units: u, the value of each unit in each cell.
        edges: Increasing thresholds of each unit.
        pixels: How many pixels of each concept lie in each cell.
    """
    count, bins = edges.shape[0], edges.shape[1] + 1
    offset = torch.arange(count, device=units.device)[:, None] * bins
    index = torch.searchsorted(edges.contiguous(), units.contiguous()) + offset
    rows = []
    for concept in pixels:
        cells = concept.nonzero()[:, 0]
        # As doubles the sums are exact up to 2⁵³ pixels.
        weights = concept[cells].double().expand(count, -1)
        seen = torch.bincount(index[:, cells].flatten(), weights.flatten(), count * bins)
        rows.append(seen.round().long().view(count, bins))
    return torch.stack(rows)


def above(histogram: Int[Tensor, "*shape B"]) -> Int[Tensor, "*shape E"]:
    """Return how many pixels lie above each edge of a histogram."""
    upwards = histogram.flip(-1).cumsum(-1).flip(-1)
    return upwards[..., 1:]


def intersection_over_union(
    joint: Int[Tensor, "K U B"], total: Int[Tensor, "U B"]
) -> Float[Tensor, "K U E"]:
    """Return |u > t ∧ c| / |u > t ∨ c| of every concept, unit and threshold, in [0, 1].

    Args:
        joint: Histogram of each concept's pixels.
        total: Histogram of all pixels.

    Source: Bau et al. 2019, equation 2.
    """
    both, active = above(joint), above(total)
    union = active + joint.sum(-1, keepdim=True) - both
    return (both.double() / union.clamp_min(1).double()).float()


def information_quality_ratio(
    joint: Int[Tensor, "K U B"], total: Int[Tensor, "U B"]
) -> Float[Tensor, "K U E"]:
    """Return I(u > t; c) / H(u > t, c), in [0, 1]: what one says of the other.

    Arguments as `intersection_over_union`. Source: Bau et al. 2019, section 3.1, who choose the
    threshold of each unit and concept at its maximum.
    """
    both, active = above(joint).double(), above(total).double()
    concept = joint.sum(-1, keepdim=True).double()
    everything = total.sum(-1, keepdim=True).double()
    cells = (both, active - both, concept - both, everything - active - concept + both)
    together = sum((_surprise(cell / everything) for cell in cells), torch.zeros_like(both))
    alone = sum(
        (_surprise(part / everything) for part in (active, everything - active)),
        torch.zeros_like(active),
    )
    of_concept = _surprise(concept / everything) + _surprise(1 - concept / everything)
    mutual = (alone + of_concept - together).clamp_min(0)
    return torch.where(together > 0, mutual / together.clamp_min(1e-300), 0.0).float()


def _surprise(share: Tensor) -> Tensor:
    """Return −p log p, 0 at p = 0."""
    surprise: Tensor = -torch.special.xlogy(share, share)
    return surprise


def bootstrap_ratio(
    after: Float[Tensor, " N"],
    before: Float[Tensor, " N"],
    tail: float = 0.025,
    draws: int = 2000,
    seed: int = 0,
) -> tuple[float, float, float]:
    """Return Σ after / Σ before and its interval over samples (percentile bootstrap).

    Args:
        after: Pixels of each sample, afterwards.
        before: Pixels of it before, not 0 in all of a resample.
        tail: Share of the resampled ratios beyond each end; of few samples `expanded_tail`'s.
        draws: Number of resamples.
        seed: Of the resamples.

    Source: Efron 1979; a ratio of sums, so that a sample with a few pixels counts as few.
    """
    rng = torch.Generator().manual_seed(seed)
    index = torch.randint(len(after), (draws, len(after)), generator=rng)
    after, before = after.double(), before.double()
    ratios = after[index].sum(1) / before[index].sum(1).clamp_min(1e-12)
    low, high = torch.quantile(ratios, ratios.new_tensor([tail, 1 - tail])).tolist()
    return float(after.sum() / before.sum().clamp_min(1e-12)), low, high
