"""Which units to ablate for a concept, one after the other: each the one that removes the most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ganvas.dissect.alpha import Shown, ablated_share
from ganvas.dissect.concepts import Score

if TYPE_CHECKING:
    from torch import Tensor

    from ganvas.generator.base import Generator


@dataclass(frozen=True)
class Greedy:
    """How units are chosen one after the other.

    Attributes:
        candidates: Units of the steepest gradients that are tried in each step.
        pictures: Pictures that show the concept, other ones than the effect is measured on.
        enough: Stop when so little of the concept's area is left.
    """

    candidates: Annotated[int, Field(ge=1)] = 2
    pictures: Annotated[int, Field(ge=1)] = 2
    enough: Annotated[float, Field(ge=0, lt=1)] = 0.005


def choose(
    greedy: Greedy, count: int, off: Tensor, generator: Generator, score: Score, shown: Shown,
    layer: str,
) -> Tensor:  # fmt: skip
    """Return the rank (U,) of a layer's units: 1 for the first that is chosen, falling to 0.

    Each step takes the gradient of what is left of the concept with respect to ablating each
    further unit a little, ablates each of the best `candidates` whole, and keeps the one that
    leaves the least: matching pursuit on measured effects.

    Args:
        greedy: How.
        count: How many units at most.
        off: (U,) what ablates each unit.
        generator: The generator.
        score: From pictures to the concept's probability.
        shown: Pictures that show it.
        layer: The layer.
    """
    import torch

    off = off.to(generator.w_avg.device)
    ablated, rank = torch.zeros_like(off), torch.zeros(len(off))
    for step in range(min(count, len(off))):
        with torch.enable_grad():
            trial = ablated.clone().requires_grad_(True)
            left = ablated_share(trial, off, generator, score, shown, layer).mean()
            (gradient,) = torch.autograd.grad(left, trial)
        slopes = gradient.masked_fill(ablated > 0, torch.inf)
        shares = {}
        for unit in slopes.argsort(stable=True)[: greedy.candidates].tolist():
            attempt = ablated.clone()
            attempt[unit] = 1
            with torch.no_grad():
                shares[unit] = float(
                    ablated_share(attempt, off, generator, score, shown, layer).mean()
                )
        best = min(shares, key=lambda unit: shares[unit])
        ablated[best] = 1
        rank[best] = 1 - step / count
        if shares[best] <= greedy.enough:
            break
    return rank
