"""Modules whose weights are buffers: moved and saved with the module, and no parameters of it.

Nothing trains them unless `ganvas.generator.tuning` puts a tensor with a gradient in their place.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Frozen(nn.Module):
    """A module whose weights are buffers of given shapes, filled when they are loaded."""

    def __init__(self, **shapes: tuple[int, ...]) -> None:
        super().__init__()
        for name, shape in shapes.items():
            self.register_buffer(name, torch.empty(shape))


class Affine(Frozen):
    """A dense layer: the map from a style row to the styles of a layer."""

    weight: Tensor
    bias: Tensor

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(weight=(outputs, inputs), bias=(outputs,))

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, inputs) to (B, outputs)."""
        return F.linear(x, self.weight, self.bias)
