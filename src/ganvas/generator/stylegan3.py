"""StyleGAN3, configurations T (translation) and R (rotation): no aliasing, no noise.

Source: Karras et al. 2021, "Alias-Free Generative Adversarial Networks". Activations are larger
than the image: they carry a margin outside of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ganvas.errors import ConfigError
from ganvas.functional.filtered_lrelu import filtered_lrelu
from ganvas.functional.fourier import fourier_features, rigid_transform
from ganvas.functional.modulation import modulated_conv2d, unhalved
from ganvas.generator.architecture import StyleGAN3Architecture, checked
from ganvas.generator.base import Activation, Layer
from ganvas.generator.half import HalfPrecisionGenerator
from ganvas.generator.linear import EqualLinear, Mapping
from ganvas.generator.stylegan3_plan import Band, Step, plan


class FourierInput(nn.Module):
    """Fourier features under the transform that w asks for, mixed by a matrix."""

    freqs: Tensor
    phases: Tensor
    transform: Tensor

    def __init__(self, band: Band, w_dim: int) -> None:
        super().__init__()
        self.band = band
        self.weight = nn.Parameter(torch.empty(band.channels, band.channels))
        self.affine = EqualLinear(w_dim, 4)
        self.register_buffer("freqs", torch.empty(band.channels, 2))
        self.register_buffer("phases", torch.empty(band.channels))
        self.register_buffer("transform", torch.empty(3, 3))

    def forward(self, style: Tensor) -> Tensor:
        """Return features (B, C, size, size) for (cos, sin, x, y) in (B, 4)."""
        x = fourier_features(
            rigid_transform(style) @ self.transform,
            self.freqs,
            self.phases,
            size=self.band.size,
            rate=self.band.rate,
            bandwidth=self.band.cutoff,
        )
        return (x @ (self.weight / math.sqrt(self.band.channels)).T).permute(0, 3, 1, 2)


class AliasFreeLayer(nn.Module):
    """Modulated convolution and filtered leaky ReLU."""

    up_filter: Tensor | None
    down_filter: Tensor | None
    magnitude_ema: Tensor

    def __init__(self, step: Step, w_dim: int, last: bool, clamp: float | None) -> None:
        super().__init__()
        inputs, outputs, k = step.source.channels, step.target.channels, step.kernel
        self.step, self.last, self.clamp = step, last, clamp
        self.affine = EqualLinear(w_dim, inputs)
        self.weight = nn.Parameter(torch.empty(outputs, inputs, k, k))
        self.bias = nn.Parameter(torch.empty(outputs))
        self.register_buffer("magnitude_ema", torch.empty(()))
        up, down = step.up_taps, step.down_taps
        down_shape = (down, down) if step.radial else (down,)
        self.register_buffer("up_filter", torch.empty(up) if up > 1 else None)
        self.register_buffer("down_filter", torch.empty(down_shape) if down > 1 else None)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Return (B, O, H', W') for x (B, I, H, W) and style (B, I)."""
        weight: Tensor = self.weight
        gain = self.magnitude_ema.rsqrt()
        if self.last:
            style = style * (gain / math.sqrt(weight[0].numel()))
        else:
            weight = weight * weight.square().mean(dim=(1, 2, 3), keepdim=True).rsqrt()
            style = style * style.square().mean(dim=1, keepdim=True).rsqrt()
        padding = self.step.kernel - 1
        y = modulated_conv2d(x, weight, style, demodulate=not self.last, padding=padding)
        return filtered_lrelu(
            y if self.last else y * gain.to(y.dtype),
            self.bias,
            up=self.up_filter,
            down=self.down_filter,
            factors=self.step.factors,
            padding=self.step.padding,
            slope=1.0 if self.last else 0.2,
            gain=1.0 if self.last else math.sqrt(2),
            clamp=self.clamp,
        )


class StyleGAN3(HalfPrecisionGenerator):
    """A StyleGAN3 of any size; weights come from a checkpoint.

    Attributes:
        architecture: Shapes and arithmetic.
    """

    family = "stylegan3"
    architecture: StyleGAN3Architecture

    def __init__(self, **hyperparameters: Any) -> None:
        a = checked(StyleGAN3Architecture, hyperparameters)
        super().__init__(a, Mapping)
        self.resolution = a.resolution
        self.rows = a.layers + 2
        self.half_from = 2 * self.resolution
        steps = plan(a)
        self.input = FourierInput(steps[0].source, self.w_dim)
        self._parts: list[AliasFreeLayer] = []
        layers: list[Layer] = []
        for index, step in enumerate(steps):
            part = AliasFreeLayer(step, self.w_dim, index == a.layers, a.clamp)
            self.add_module(f"L{index}", part)
            self._parts.append(part)
            target = step.target
            name = f"{target.size}x{target.size}.L{index}"
            resolution, margin = target.resolution, (target.size - target.rate) // 2
            layers.append(Layer(name, resolution, target.channels, index + 1, None, margin))
        self.layers = tuple(layers[:-1])

    def children_in_order(self) -> list[AliasFreeLayer]:
        """Return the layers, the one that makes RGB last."""
        return list(self._parts)

    def use_half(self) -> None:
        """Run as many of the highest resolutions in half precision as the original did."""
        self.half_from = (self.resolution >> self.architecture.half) + 1

    def styles(self, w: Tensor) -> list[Tensor]:
        """Map w+ to the input's (cos, sin, x, y) and one style (B, C) per layer."""
        affines = [self.input.affine, *(part.affine for part in self._parts)]
        return [affine(w[:, row]) for row, affine in enumerate(affines)]

    def parts(self, index: int) -> tuple[str, ...]:
        """Return the layer, the Fourier features before the first, and RGB behind the last."""
        names = (f"L{index}",) if index else ("input", "L0")
        return (*names, f"L{index + 1}") if index == len(self.layers) - 1 else names

    def reach(self, index: int) -> int:
        """Refuse: its layers crop the margin around their signal, so no two of them align.

        Raises:
            ConfigError: Always.
        """
        raise ConfigError(
            "stylegan3 cannot be tiled: its activations carry a margin that each layer cuts down, "
            "so that they do not continue each other; take a StyleGAN1, StyleGAN2 or MobileStyleGAN"
        )

    def begin(self, styles: Sequence[Tensor]) -> Activation:
        """Return the Fourier features of the input."""
        return Activation(self.input(styles[0]))

    def layer(
        self, index: int, state: Activation, styles: Sequence[Tensor], noise: Sequence[Tensor]
    ) -> Activation:
        """Run layer `index`."""
        part = self._parts[index]
        half = part.step.target.rate >= self.half_from
        x = state.features.half() if half else unhalved(state.features)
        return Activation(part(x, styles[index + 1]))

    def finish(self, state: Activation, styles: Sequence[Tensor]) -> Tensor:
        """Turn the last activation into RGB."""
        image = self.layer(len(self.layers), state, styles, ()).features
        return unhalved(image) * self.architecture.output_scale
