"""The linear layers that all StyleGANs share, and their mapping network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganvas.functional.mapping import pixel_norm


class EqualLinear(nn.Module):
    """Linear layer with an equalised learning rate: y = rate · (gain · W x / sqrt(I) + b).

    Weights are stored with unit variance divided by the rate and scaled when they are used.
    Source: Karras et al. 2018 (progressive GAN), section 4.1.
    """

    def __init__(self, inputs: int, outputs: int, rate: float = 1.0, gain: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs))
        self.bias = nn.Parameter(torch.empty(outputs))
        self.gain = gain * rate / math.sqrt(inputs)
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """Map x (B, I) to (B, O)."""
        return F.linear(x, self.weight) * self.gain + self.bias * self.rate


class Mapping(nn.Module):
    """z (and a class) to w: normalise, then layers of [linear, leaky ReLU 0.2, times sqrt(2)].

    Source: Karras et al. 2019, section 2; labels as in Karras et al. 2020 (ADA).
    """

    def __init__(self, widths: Sequence[int], classes: int, embedding: int, rate: float) -> None:
        super().__init__()
        self.embed = EqualLinear(classes, embedding) if classes else None
        self.depth = len(widths) - 1
        for index, (inputs, outputs) in enumerate(pairwise(widths)):
            self.add_module(f"fc{index}", EqualLinear(inputs, outputs, rate))

    def forward(self, z: Tensor, label: Tensor | None) -> Tensor:
        """Map z (B, z_dim) and one-hot labels (B, classes) to w (B, w_dim)."""
        x = pixel_norm(z)
        if self.embed is not None and label is not None:
            x = torch.cat([x, pixel_norm(self.embed(label))], dim=1)
        for index in range(self.depth):
            x = F.leaky_relu(self.get_submodule(f"fc{index}")(x), 0.2) * math.sqrt(2)
        return x
