"""L-BFGS for a batch: every image has its own curvature, so that neighbours change nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ganvas.functional.lbfgs import curvature, dots, lbfgs_direction

FLOOR = 0.05
FAINTEST = 1e-18
"""Below this square, a scalar does not move the image at all."""


class BatchLBFGS(torch.optim.Optimizer):
    """One quasi-Newton step without line search per call; dimension 0 of a tensor is the image.

    Args:
        parameters: Tensors (B, …) of the same B; together they are one image's variables.
        lr: Length of a step; 1 is Newton's.
        history: How many pairs are remembered.
        squares: Gives, per tensor, the second derivative of the loss by each scalar, up to a common
            factor; asked once, in the first step. The curvature is then estimated in coordinates
            that are scaled by its root. None: in those of the tensors.
        first: How far the first step goes, in scaled coordinates.

    Source: Nocedal and Wright 2006, section 7.2; the scaling is the diagonal preconditioner of
    Jacobi.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        lr: float,
        history: int,
        squares: Callable[[], Sequence[Tensor]] | None = None,
        first: float = 1.0,
    ) -> None:
        super().__init__(list(parameters), {"lr": lr, "history": history})
        self.squares, self.first = squares, first

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Move every image once along its own direction; no value leaves the device."""
        group = self.param_groups[0]
        tensors: list[nn.Parameter] = group["params"]
        gradient = torch.cat([_flat(t if t.grad is None else t.grad) for t in tensors], 1)
        state: dict[str, Any] = self.state[tensors[0]]
        begun = bool(state)
        if not begun:
            state.update(steps=[], changes=[], inverses=[])
            state["scale"] = torch.ones_like(gradient[:, :1])
            if self.squares is not None:
                state["unit"] = units(self.squares())
        unit = state.get("unit")
        if unit is not None:
            gradient = gradient * unit
        if not begun:
            direction = -gradient
            length = self._first_length(gradient)
        else:
            self._remember(state, gradient, group["history"])
            direction = lbfgs_direction(
                gradient, state["steps"], state["changes"], state["inverses"], state["scale"]
            )
            length = torch.ones_like(gradient[:, :1])
        # Where curvature misleads, the direction goes uphill: fall back to the gradient.
        direction = torch.where(dots(direction, gradient) > 0, -gradient, direction)
        move = group["lr"] * length * direction
        state["gradient"], state["move"] = gradient, move
        if unit is not None:
            move = move * unit
        start = 0
        for tensor in tensors:
            size = tensor[0].numel()
            tensor.add_(move[:, start : start + size].view_as(tensor))
            start += size

    def _first_length(self, gradient: Tensor) -> Tensor:
        """Return the factor (B, 1) of the first step, which knows no curvature: it is short."""
        if self.squares is None:
            return gradient.abs().sum(1, keepdim=True).clamp_min(1.0).reciprocal()
        norm = torch.linalg.vector_norm(gradient, dim=1, keepdim=True)
        length: Tensor = self.first / norm.clamp_min(torch.finfo(norm.dtype).tiny)
        return length

    @staticmethod
    def _remember(state: dict[str, Any], gradient: Tensor, history: int) -> None:
        change = gradient - state["gradient"]
        usable, inverse, scale = curvature(state["move"], change)
        for name, value in (("steps", state["move"]), ("changes", change), ("inverses", inverse)):
            state[name] = [*state[name], value][-history:]
        state["scale"] = torch.where(usable, scale, state["scale"])


def units(squares: Sequence[Tensor]) -> Tensor:
    """Return how far one step of the scaled coordinates goes in each scalar, (B, D).

    It is 1 / √square; a scalar that counts for less than a twentieth of its tensor's mean, or for
    nothing, goes no further than one that counts for that much.
    """
    floors = [s.flatten(1).mean(1, keepdim=True) * FLOOR for s in squares]
    flat = [s.flatten(1).maximum(f) for s, f in zip(squares, floors, strict=True)]
    return torch.cat(flat, 1).clamp_min(FAINTEST).rsqrt()


def _flat(tensor: Tensor) -> Tensor:
    return tensor.detach().reshape(len(tensor), -1)
