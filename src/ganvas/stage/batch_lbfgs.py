"""L-BFGS for a batch: every image has its own curvature, so that neighbours change nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from ganvas.functional.lbfgs import curvature, dots, lbfgs_direction


class BatchLBFGS(torch.optim.Optimizer):
    """One quasi-Newton step without line search per call; dimension 0 of a tensor is the image.

    Args:
        parameters: Tensors (B, …) of the same B; together they are one image's variables.
        lr: Length of a step; 1 is Newton's.
        history: How many pairs are remembered.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float, history: int) -> None:
        super().__init__(list(parameters), {"lr": lr, "history": history})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Move every image once along its own direction; no value leaves the device."""
        group = self.param_groups[0]
        tensors: list[nn.Parameter] = group["params"]
        gradient = torch.cat([_flat(t if t.grad is None else t.grad) for t in tensors], 1)
        state: dict[str, Any] = self.state[tensors[0]]
        if not state:
            state.update(steps=[], changes=[], inverses=[])
            state["scale"] = torch.ones_like(gradient[:, :1])
            direction = -gradient
            # The first step knows no curvature: it is kept short.
            length = gradient.abs().sum(1, keepdim=True).clamp_min(1.0).reciprocal()
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
        start = 0
        for tensor in tensors:
            size = tensor[0].numel()
            tensor.add_(move[:, start : start + size].view_as(tensor))
            start += size

    @staticmethod
    def _remember(state: dict[str, Any], gradient: Tensor, history: int) -> None:
        change = gradient - state["gradient"]
        usable, inverse, scale = curvature(state["move"], change)
        for name, value in (("steps", state["move"]), ("changes", change), ("inverses", inverse)):
            state[name] = [*state[name], value][-history:]
        state["scale"] = torch.where(usable, scale, state["scale"])


def _flat(tensor: Tensor) -> Tensor:
    return tensor.detach().reshape(len(tensor), -1)
