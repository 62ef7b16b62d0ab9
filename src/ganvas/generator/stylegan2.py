"""StyleGAN2: modulated convolutions, in its three layouts (skip, resnet, orig).

Source: Karras et al. 2020, "Analyzing and Improving the Image Quality of StyleGAN"; labels and half
precision as in Karras et al. 2020, "Training GANs with Limited Data".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganvas.functional.modulation import modulated_conv2d, unhalved
from ganvas.functional.resample import UPSAMPLE_TAPS, upsample2d
from ganvas.generator.architecture import StyleGAN2Architecture, checked
from ganvas.generator.base import Activation, Layer
from ganvas.generator.half import HalfPrecisionGenerator
from ganvas.generator.linear import EqualLinear, Mapping


class StyledConv(nn.Module):
    """Modulated convolution, noise, bias, leaky ReLU 0.2 times sqrt(2), clamp."""

    noise_const: Tensor

    def __init__(
        self, inputs: int, outputs: int, w_dim: int, resolution: int, up: bool, noise: bool
    ) -> None:
        super().__init__()
        self.affine = EqualLinear(w_dim, inputs)
        self.weight = nn.Parameter(torch.empty(outputs, inputs, 3, 3))
        self.bias = nn.Parameter(torch.empty(outputs))
        self.up = up
        if noise:
            self.noise_strength = nn.Parameter(torch.empty(()))
            self.register_buffer("noise_const", torch.empty(resolution, resolution))

    def forward(
        self,
        x: Tensor,
        style: Tensor,
        noise: Tensor | None,
        kernel: Tensor,
        gain: float,
        clamp: float | None,
    ) -> Tensor:
        """Return (B, O, H, W), of twice the resolution of x (B, I, h, w) if it upsamples."""
        # A positive factor commutes with a leaky ReLU; before it, it costs no pass of its own.
        factor = math.sqrt(2) * gain
        y = modulated_conv2d(
            x, self.weight, style, padding=1, upsample=kernel if self.up else None,
            gain=factor, bias=factor * self.bias,
        )  # fmt: skip
        if noise is not None:
            y += (noise * (factor * self.noise_strength)).to(y.dtype)
        y = F.leaky_relu_(y, 0.2)
        return y if clamp is None else y.clamp(-clamp * gain, clamp * gain)


class ToRGB(nn.Module):
    """Modulated 1×1 convolution to three channels, without demodulation."""

    def __init__(self, inputs: int, w_dim: int) -> None:
        super().__init__()
        self.affine = EqualLinear(w_dim, inputs)
        self.weight = nn.Parameter(torch.empty(3, inputs, 1, 1))
        self.bias = nn.Parameter(torch.empty(3))
        self.gain = 1 / math.sqrt(inputs)

    def forward(self, x: Tensor, style: Tensor, clamp: float | None) -> Tensor:
        """Return RGB (B, 3, H, W), never in half precision, for x (B, C, H, W)."""
        y = modulated_conv2d(x, self.weight, style * self.gain, demodulate=False, bias=self.bias)
        return unhalved(y if clamp is None else y.clamp(-clamp, clamp))


class Shortcut(nn.Module):
    """1×1 convolution and upsampling around a block of the resnet layout."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs, 1, 1))
        self.gain = 1 / math.sqrt(inputs)

    def forward(self, x: Tensor, kernel: Tensor) -> Tensor:
        """Return (B, O, 2H, 2W) for x (B, I, H, W)."""
        weight = (self.weight * self.gain).to(x.dtype)
        return upsample2d(F.conv2d(x, weight), kernel) * math.sqrt(0.5)


class StyleGAN2(HalfPrecisionGenerator):
    """A StyleGAN2 of any size; weights come from a checkpoint.

    Attributes:
        architecture: Shapes and arithmetic.
    """

    family = "stylegan2"
    architecture: StyleGAN2Architecture
    resample_filter: Tensor

    def __init__(self, **hyperparameters: Any) -> None:
        a = checked(StyleGAN2Architecture, hyperparameters)
        super().__init__(a, Mapping)
        self.resolution = a.resolutions[-1]
        self.rows = 2 * len(a.channels)
        self.half_from = 2 * self.resolution
        self.register_buffer("resample_filter", torch.empty(UPSAMPLE_TAPS, UPSAMPLE_TAPS))
        self._convs: list[StyledConv] = []
        self._rgbs: dict[int, ToRGB] = {}
        self._shortcuts: dict[int, Shortcut] = {}
        self._rgb_styles: dict[int, int] = {}
        self._conv_styles: list[int] = []
        self._style_rows: list[int] = []
        self._affines: list[EqualLinear] = []
        layers: list[Layer] = []
        for index, resolution in enumerate(a.resolutions):
            layers += self._add_block(index, resolution, len(layers))
        self.layers = tuple(layers)

    def _add_block(self, index: int, resolution: int, first: int) -> list[Layer]:
        a, block = self.architecture, nn.Module()
        self.add_module(f"b{resolution}", block)
        channels, before = a.channels[index], a.channels[max(index - 1, 0)]
        added: list[Layer] = []
        if index == 0:
            block.const = nn.Parameter(torch.empty(channels, 4, 4))
        for which in (1,) if index == 0 else (0, 1):
            inputs = channels if which else before
            conv = StyledConv(inputs, channels, self.w_dim, resolution, not which, a.noise)
            block.add_module(f"conv{which}", conv)
            number = first + len(added)
            self._conv_styles.append(self._add_affine(conv.affine, number))
            self._convs.append(conv)
            added.append(
                Layer(
                    f"{resolution}x{resolution}.conv{which}",
                    resolution,
                    channels,
                    number,
                    number if a.noise else None,
                )
            )
        if a.layout == "skip" or resolution == self.resolution:
            rgb = ToRGB(channels, self.w_dim)
            block.torgb = rgb
            self._rgbs[resolution] = rgb
            self._rgb_styles[resolution] = self._add_affine(rgb.affine, first + len(added))
        if a.layout == "resnet" and index:
            shortcut = Shortcut(before, channels)
            block.skip = shortcut
            self._shortcuts[resolution] = shortcut
        return added

    def _add_affine(self, affine: EqualLinear, row: int) -> int:
        self._affines.append(affine)
        self._style_rows.append(row)
        return len(self._affines) - 1

    def use_half(self) -> None:
        """Run as many of the highest resolutions in half precision as the original did."""
        self.half_from = max(2 * self.resolution >> self.architecture.half, 8)

    def styles(self, w: Tensor) -> list[Tensor]:
        """Map w+ to one style per convolution and ToRGB, in the order in which they run."""
        rows = zip(self._affines, self._style_rows, strict=True)
        return [affine(w[:, row]) for affine, row in rows]

    def fixed_noise(self, batch: int = 1) -> list[Tensor]:
        """Return the noise maps (batch, 1, r, r) that came with the weights."""
        if not self.architecture.noise:
            return []
        return [conv.noise_const.expand(batch, 1, -1, -1) for conv in self._convs]

    def parts(self, index: int) -> tuple[str, ...]:
        """Return the convolution with the shortcut or ToRGB beside it."""
        resolution, _, name = self.layers[index].name.partition("x")
        block, conv = f"b{resolution}", name.partition(".")[2]
        beside = "skip" if conv == "conv0" else "torgb"
        names = (f"{block}.{conv}", f"{block}.{beside}")
        return (*names, f"{block}.const") if index == 0 else names

    def reach(self, index: int) -> int:
        """Return the radius of a convolution with its low-pass filter, and the image's of the RGB.

        A transposed 3×3 convolution of stride 2 and the filter of 4 taps read 3 samples, which
        covers the 2 of the upsampled RGB or shortcut beside them.
        """
        if index == len(self.layers):
            return 2
        return 3 if self._convs[index].up else 1

    def begin(self, styles: Sequence[Tensor]) -> Activation:
        """Return the learned constant."""
        const = cast("Tensor", self.get_submodule("b4").const)
        return Activation(const.expand(styles[0].shape[0], -1, -1, -1))

    def layer(
        self, index: int, state: Activation, styles: Sequence[Tensor], noise: Sequence[Tensor]
    ) -> Activation:
        """Run layer `index`."""
        layer, conv = self.layers[index], self._convs[index]
        beside = state.rgb
        if conv.up and self.architecture.layout == "skip":
            beside = self._collect(layer.resolution // 2, state, styles)
        x = self._cast(state.features, layer.resolution)
        if conv.up and self.architecture.layout == "resnet":
            beside = self._shortcuts[layer.resolution](x, self.resample_filter)
        residual = None if conv.up or self.architecture.layout != "resnet" else state.rgb
        y = conv(
            x,
            styles[self._conv_styles[index]],
            None if layer.noise is None else noise[layer.noise],
            self.resample_filter,
            1.0 if residual is None else math.sqrt(0.5),
            self.architecture.clamp,
        )
        return Activation(y, beside) if residual is None else Activation(y + residual)

    def finish(self, state: Activation, styles: Sequence[Tensor]) -> Tensor:
        """Collect the RGB of the last resolution."""
        return self._collect(self.resolution, state, styles)

    def _collect(self, resolution: int, state: Activation, styles: Sequence[Tensor]) -> Tensor:
        style = styles[self._rgb_styles[resolution]]
        x = self._cast(state.features, resolution)
        rgb: Tensor = self._rgbs[resolution](x, style, self.architecture.clamp)
        return rgb if state.rgb is None else upsample2d(state.rgb, self.resample_filter) + rgb

    def _cast(self, x: Tensor, resolution: int) -> Tensor:
        if resolution < self.half_from:
            return unhalved(x)
        return x.to(torch.float16, memory_format=torch.channels_last)
