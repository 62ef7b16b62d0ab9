"""StyleGAN1: convolution, noise, leaky ReLU, instance normalisation, style.

Source: Karras et al. 2019, "A Style-Based Generator Architecture for Generative Adversarial
Networks". A layer's activation is the tensor after its style, which is what the next layer reads.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganvas.functional.fused_upscale import upscale_conv2d
from ganvas.functional.mapping import pixel_norm
from ganvas.functional.modulation import over_space
from ganvas.functional.resample import filter2d
from ganvas.generator.architecture import StyleGAN1Architecture, checked
from ganvas.generator.base import Activation, Layer
from ganvas.generator.labels import LabelledGenerator
from ganvas.generator.linear import EqualLinear

Statistics = tuple[Tensor, Tensor]

_BLUR = torch.tensor([1.0, 2.0, 1.0])


class Mapping1(nn.Module):
    """z (and a class) to w: normalise both together, then [√2-scaled linear, leaky ReLU 0.2]."""

    def __init__(self, widths: Sequence[int], classes: int, embedding: int, rate: float) -> None:
        super().__init__()
        if classes:
            self.embed = nn.Parameter(torch.empty(classes, embedding))
        self.depth = len(widths) - 1
        for index, (inputs, outputs) in enumerate(pairwise(widths)):
            self.add_module(f"fc{index}", EqualLinear(inputs, outputs, rate, math.sqrt(2)))

    def forward(self, z: Tensor, label: Tensor | None) -> Tensor:
        """Map z (B, z_dim) and one-hot labels (B, classes) to w (B, w_dim)."""
        x = pixel_norm(z if label is None else torch.cat([z, label @ self.embed], dim=1))
        for index in range(self.depth):
            x = F.leaky_relu(self.get_submodule(f"fc{index}")(x), 0.2)
        return x


class StyledLayer(nn.Module):
    """One layer: a convolution (or the learned constant), then everything that follows it."""

    noise_const: Tensor
    blur: Tensor

    def __init__(self, inputs: int, outputs: int, w_dim: int, resolution: int, up: bool) -> None:
        super().__init__()
        self.up = up
        self.resolution = resolution
        if inputs:
            self.weight = nn.Parameter(torch.empty(outputs, inputs, 3, 3))
            self.gain = math.sqrt(2 / (9 * inputs))
        else:
            self.const = nn.Parameter(torch.empty(outputs, 4, 4))
        self.bias = nn.Parameter(torch.empty(outputs))
        self.noise_strength = nn.Parameter(torch.empty(outputs))
        self.affine = EqualLinear(w_dim, 2 * outputs)
        self.register_buffer("noise_const", torch.empty(resolution, resolution))
        # On the layer's device, and no part of a checkpoint.
        self.register_buffer("blur", _BLUR.outer(_BLUR) / 16, persistent=False)

    def convolve(self, x: Tensor) -> Tensor:
        """Return the convolution of x (B, I, h, w), upscaled and blurred if the layer does so."""
        if not self.up:
            return F.conv2d(x, self.weight * self.gain, padding=1)
        x = upscale_conv2d(x, self.weight * self.gain, self.resolution)
        return filter2d(x, self.blur, padding=1)

    def activate(self, x: Tensor, noise: Tensor) -> Tensor:
        """Add noise, scaled per channel, and the bias; then the leaky ReLU."""
        x = x + noise * self.noise_strength[:, None, None] + self.bias[:, None, None]
        return F.leaky_relu(x, 0.2)


def apply_style(x: Tensor, style: Tensor) -> Tensor:
    """Scale x (B, C, H, W) by 1 + the first half of style (B, 2C) and add the second half.

    A style (B, 2C, H, W), or of half that size, is one for each position.
    """
    scale, shift = over_space(style, x).chunk(2, dim=1)
    return x * (scale + 1) + shift


def moments(x: Tensor, epsilon: float) -> Statistics:
    """Return mean and standard deviation over space of x (B, C, H, W), each (B, C, 1, 1)."""
    mean = x.mean(dim=(2, 3), keepdim=True)
    variance = (x - mean).square().mean(dim=(2, 3), keepdim=True)
    return mean, torch.sqrt(variance + epsilon)


class StyleGAN1(LabelledGenerator):
    """A StyleGAN1 of any size; weights come from a checkpoint.

    Attributes:
        architecture: Shapes and arithmetic.
    """

    family = "stylegan1"
    architecture: StyleGAN1Architecture

    def __init__(self, **hyperparameters: Any) -> None:
        a = checked(StyleGAN1Architecture, hyperparameters)
        super().__init__(a, Mapping1)
        self._frozen: tuple[Statistics, ...] | None = None
        self._parts: list[StyledLayer] = []
        layers: list[Layer] = []
        for index, (resolution, channels) in enumerate(zip(a.resolutions, a.channels, strict=True)):
            block = nn.Module()
            self.add_module(f"b{resolution}", block)
            before = a.channels[index - 1] if index else 0
            for which, inputs in enumerate((before, channels)):
                up = index > 0 and which == 0
                part = StyledLayer(inputs, channels, self.w_dim, resolution, up)
                name = f"conv{which}" if inputs else "const"
                block.add_module(name, part)
                number = len(layers)
                name = f"{resolution}x{resolution}.{name}"
                layers.append(Layer(name, resolution, channels, number, number))
                self._parts.append(part)
        self.torgb = nn.Conv2d(a.channels[-1], 3, 1)
        self.layers = tuple(layers)

    def styles(self, w: Tensor) -> list[Tensor]:
        """Map w+ to one style (B, 2C) per layer: scales less one, then shifts."""
        return [part.affine(w[:, row]) for row, part in enumerate(self._parts)]

    def fixed_noise(self, batch: int = 1) -> list[Tensor]:
        """Return the noise maps (batch, 1, r, r) that came with the weights."""
        return [part.noise_const.expand(batch, 1, -1, -1) for part in self._parts]

    def freeze_statistics(self, w: Tensor, noise: Sequence[Tensor]) -> Self:
        """Return this generator with the normalisation of one image: its means and deviations.

        A local change then stays local, and a crop or a tiling is normalised like the whole. The
        weights are shared; this generator stays as it is.

        Args:
            w: (B, rows, w_dim), the image whose statistics are kept, or a batch of images.
            noise: Its noise maps.
        """
        styles = self.styles(w)
        state, kept = self.begin(styles), []
        for index in range(len(self.layers)):
            kept.append(moments(self._raw(index, state, noise), self.architecture.epsilon))
            state = self.layer(index, state, styles, noise)
        return self.with_statistics(kept)

    def with_statistics(self, statistics: Sequence[Statistics]) -> Self:
        """Return this generator with these means and deviations; the weights are shared.

        Args:
            statistics: Mean and standard deviation of each layer, (1, C, 1, 1) or one per image.
        """
        frozen = copy.copy(self)
        frozen._frozen = tuple(statistics)
        return frozen

    @property
    def statistics(self) -> tuple[Statistics, ...] | None:
        """The frozen statistics of each layer; None where each image has its own."""
        return self._frozen

    def parts(self, index: int) -> tuple[str, ...]:
        """Return the layer, and the output behind the last."""
        resolution, _, name = self.layers[index].name.partition("x")
        names = (f"b{resolution}.{name.partition('.')[2]}",)
        return (*names, "torgb") if index == len(self.layers) - 1 else names

    def reach(self, index: int) -> int:
        """Return the radius of a convolution: with upscaling and blur 3 samples, and 1 without."""
        if index == len(self.layers):
            return 0
        return 3 if self._parts[index].up else 1

    def begin(self, styles: Sequence[Tensor]) -> Activation:
        """Return the learned constant."""
        const = self._parts[0].const
        return Activation(const.expand(styles[0].shape[0], -1, -1, -1))

    def _raw(self, index: int, state: Activation, noise: Sequence[Tensor]) -> Tensor:
        part, x = self._parts[index], state.features
        return part.activate(x if index == 0 else part.convolve(x), noise[index])

    def layer(
        self, index: int, state: Activation, styles: Sequence[Tensor], noise: Sequence[Tensor]
    ) -> Activation:
        """Run layer `index`."""
        x = self._raw(index, state, noise)
        if self._frozen is None:
            mean, deviation = moments(x, self.architecture.epsilon)
        else:
            mean, deviation = self._frozen[index]
        return Activation(apply_style((x - mean) / deviation, styles[index]))

    def finish(self, state: Activation, styles: Sequence[Tensor]) -> Tensor:
        """Turn the last activation into RGB."""
        gain = 1 / math.sqrt(self.torgb.in_channels)
        return F.conv2d(state.features, self.torgb.weight * gain, self.torgb.bias)
