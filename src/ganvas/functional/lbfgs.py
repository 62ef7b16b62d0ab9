"""Limited-memory BFGS for many independent problems side by side."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def dots(a: Float[Tensor, "B D"], b: Float[Tensor, "B D"]) -> Float[Tensor, "B 1"]:
    """Return the inner product of each problem's vectors: (B, D), (B, D) → (B, 1)."""
    return (a * b).sum(1, keepdim=True)


def lbfgs_direction(
    gradient: Float[Tensor, "B D"],
    steps: Sequence[Float[Tensor, "B D"]],
    changes: Sequence[Float[Tensor, "B D"]],
    inverses: Sequence[Float[Tensor, "B 1"]],
    scale: Float[Tensor, "B 1"],
) -> Float[Tensor, "B D"]:
    """Return the quasi-Newton direction −H g of each problem, by the two-loop recursion.

    Args:
        gradient: g, (B, D).
        steps: sₖ, the last moves, oldest first, (B, D) each.
        changes: yₖ, the changes of the gradient over them.
        inverses: 1 / (sₖ · yₖ), (B, 1) each; 0 leaves the pair out for a problem.
        scale: (B, 1), the initial Hessian's inverse as a multiple of the identity.

    Source: Nocedal 1980; algorithm 7.4 of Nocedal and Wright 2006.
    """
    q = -gradient
    weights: list[Tensor] = []
    for s, y, inverse in zip(reversed(steps), reversed(changes), reversed(inverses), strict=True):
        weights.append(inverse * dots(s, q))
        q = q - weights[-1] * y
    direction = q * scale
    for s, y, inverse in zip(steps, changes, inverses, strict=True):
        direction = direction + s * (weights.pop() - inverse * dots(y, direction))
    return direction


def curvature(
    step: Float[Tensor, "B D"], change: Float[Tensor, "B D"]
) -> tuple[Bool[Tensor, "B 1"], Float[Tensor, "B 1"], Float[Tensor, "B 1"]]:
    """Return whether a pair may be used, 1 / (s · y) or 0, and (s · y) / (y · y), (B, 1) each."""
    product = dots(step, change)
    usable = product > 1e-10
    safe = torch.where(usable, product, torch.ones_like(product))
    inverse = torch.where(usable, 1 / safe, torch.zeros_like(product))
    return usable, inverse, product / dots(change, change).clamp_min(1e-30)
