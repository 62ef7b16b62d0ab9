"""The residual discriminator of StyleGAN2.

Source: Karras et al. 2020, "Analyzing and Improving the Image Quality of StyleGAN", section 4.1,
and its equalised learning rates; halving is fused with the convolution by means of 2 × 2 instead of
their wider filter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganvas.adversarial.training import GROUP
from ganvas.functional.adversarial import halving_weight, with_deviation
from ganvas.generator.linear import EqualLinear


class EqualConv(nn.Module):
    """Convolution of an equalised learning rate, leaky ReLU 0.2, times sqrt(2)."""

    def __init__(self, inputs: int, outputs: int, size: int, *, halve: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs, size, size))
        self.bias = nn.Parameter(torch.empty(outputs))
        self.gain = 1 / math.sqrt(inputs * size * size)
        self.halve = halve

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, I, H, W) to (B, O, H, W), or to half that size."""
        weight = self.weight * self.gain
        if self.halve:
            y = F.conv2d(x, halving_weight(weight), stride=2, padding=1)
        else:
            y = F.conv2d(x, weight, padding=weight.shape[-1] // 2)
        return F.leaky_relu(y + self.bias.to(y.dtype)[:, None, None], 0.2) * math.sqrt(2)


class Block(nn.Module):
    """Two convolutions, the second of which halves, and a shortcut around them."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv0 = EqualConv(inputs, inputs, 3)
        self.conv1 = EqualConv(inputs, outputs, 3, halve=True)
        self.weight = nn.Parameter(torch.empty(outputs, inputs, 1, 1))
        self.gain = 1 / math.sqrt(inputs)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, I, H, W) to (B, O, H / 2, W / 2), of unit variance as x."""
        beside = F.conv2d(F.avg_pool2d(x, 2), self.weight * self.gain)
        y: Tensor = (self.conv1(self.conv0(x)) + beside) * math.sqrt(0.5)
        return y


class Discriminator(nn.Module):
    """Says of images whether they look real: a positive score for yes.

    Args:
        channels: Of the blocks from 4² on, as a generator has them.
    """

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        down = list(reversed(channels))
        self.enter = EqualConv(3, down[0], 1)
        self.blocks = nn.Sequential(*(Block(i, o) for i, o in pairwise(down)))
        self.conv = EqualConv(down[-1] + 1, down[-1], 3)
        self.dense = EqualLinear(down[-1] * 16, down[-1])
        self.score = EqualLinear(down[-1], 1)

    def forward(self, images: Tensor) -> Tensor:
        """Return the scores (B,), in float32, of images (B, 3, H, W) in [−1, 1]."""
        x = self.blocks(self.enter(images))
        x = self.conv(with_deviation(x, GROUP)).flatten(1)
        x = F.leaky_relu(self.dense(x), 0.2) * math.sqrt(2)
        scores: Tensor = self.score(x)[:, 0].float()
        return scores

    def initialise(self, rng: torch.Generator) -> None:
        """Draw all weights ~ N(0, 1), which each layer scales where it uses them; biases are 0."""
        with torch.no_grad():
            for name, value in self.named_parameters():
                if name.endswith("bias"):
                    value.zero_()
                else:
                    value.copy_(torch.randn(value.shape, generator=rng))
