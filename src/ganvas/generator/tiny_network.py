"""A small generator of random weights with everything the interface has, for tests and first tries.

It has StyleGAN2's shape — modulated convolutions, noise, a skip of RGB images — at milliseconds a
step. Its pictures are coloured blots in about [−1, 1].
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganvas.functional.mapping import style_mapping
from ganvas.functional.modulation import modulated_conv2d
from ganvas.generator.base import Activation, Generator, Layer
from ganvas.generator.frozen import Affine, Frozen

NOISE_STRENGTH = 0.3
STYLE_SPREAD = 0.6
IMAGE_SPREAD = 0.5
W_AVG_SAMPLES = 1_000


class TinyGenerator(Generator):
    """StyleGAN2 in small: one layer at 4², two at each larger size, and one row without effect."""

    family = "tiny"
    name = "tiny"
    const: Tensor
    w_avg: Tensor

    def __init__(
        self, resolution: int = 32, channels: int = 16, w_dim: int = 32, seed: int = 0
    ) -> None:
        """Draw the weights; arguments as in `TinyConfig`."""
        super().__init__()
        self.hyperparameters = {
            "resolution": resolution,
            "channels": channels,
            "w_dim": w_dim,
            "seed": seed,
        }
        self.z_dim = self.w_dim = w_dim
        self.layers = _layers(resolution, channels)
        # Each layer reads its own row, the last image the row after them; one more has no effect.
        self.rows = len(self.layers) + 2
        self.effective_rows = tuple(range(self.rows - 1))

        rng = torch.Generator().manual_seed(seed)
        self.mapping_network = nn.Sequential(*(_dense(w_dim, w_dim, rng) for _ in range(2)))
        self.register_buffer("const", _normal((1, channels, 4, 4), rng))
        self.convs = nn.Sequential(
            *(_Modulated(channels, channels, 3, w_dim, rng) for _ in self.layers)
        )
        sizes = len(self.layers) // 2 + 1
        self.to_rgb = nn.Sequential(*(_Modulated(channels, 3, 1, w_dim, rng) for _ in range(sizes)))
        self._rgb_gain = IMAGE_SPREAD / math.sqrt(sizes)
        self.register_buffer("w_avg", torch.zeros(w_dim, device="cpu"))
        z = _normal((W_AVG_SAMPLES, w_dim), rng)
        self.w_avg = self.mapping(z).mean(dim=0)

    def mapping(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """Map z (B, z_dim) to w (B, w_dim); there are no classes, so `label` is ignored."""
        layers = cast("Iterable[Affine]", self.mapping_network)
        return style_mapping(z, ((layer.weight, layer.bias) for layer in layers))

    def styles(self, w: Tensor) -> list[Tensor]:
        """Return the factors of every layer, then those of every ToRGB."""
        convs = cast("Iterable[_Modulated]", self.convs)
        images = cast("Iterable[_Modulated]", self.to_rgb)
        styles = [conv.affine.forward(w[:, row]) for row, conv in enumerate(convs)]
        # A ToRGB shares the row of the next size's first layer.
        return styles + [rgb.affine.forward(w[:, 2 * i + 1]) for i, rgb in enumerate(images)]

    def begin(self, styles: Sequence[Tensor]) -> Activation:
        """Return the constant and an RGB of zeros."""
        batch = len(styles[0])
        features = self.const.expand(batch, -1, -1, -1)
        return Activation(features, features.new_zeros(batch, 3, 4, 4))

    def layer(
        self, index: int, state: Activation, styles: Sequence[Tensor], noise: Sequence[Tensor]
    ) -> Activation:
        """Run layer `index`."""
        features, rgb = state.features, state.rgb
        if index % 2:
            rgb = _double(self._add_rgb(state, styles, index // 2))
            features = _double(features)
        conv = cast("_Modulated", self.convs[index])
        y = conv.forward(features, styles[index]) + NOISE_STRENGTH * noise[index]
        return Activation(F.leaky_relu(y, 0.2) * math.sqrt(2), rgb)

    def finish(self, state: Activation, styles: Sequence[Tensor]) -> Tensor:
        """Add the last RGB to those before."""
        return self._add_rgb(state, styles, len(self.to_rgb) - 1)

    def parts(self, index: int) -> tuple[str, ...]:
        """Return the convolution, and the ToRGB that reads it."""
        names = (f"convs.{index}",) if index % 2 else (f"convs.{index}", f"to_rgb.{index // 2}")
        return (*names, "const") if index == 0 else names

    def reach(self, index: int) -> int:
        """Return the radius of a 3×3 convolution, and that of the bilinear upsampling before it."""
        if index == len(self.layers):
            return 0
        return 3 if index % 2 else 1

    def _add_rgb(self, state: Activation, styles: Sequence[Tensor], size: int) -> Tensor:
        image = cast("_Modulated", self.to_rgb[size])
        added = image.forward(state.features, styles[len(self.layers) + size]) * self._rgb_gain
        return added if state.rgb is None else state.rgb + added


class _Modulated(Frozen):
    """A convolution whose input channels are scaled by a style, normalised to unit variance."""

    weight: Tensor

    def __init__(
        self, inputs: int, outputs: int, size: int, w_dim: int, rng: torch.Generator
    ) -> None:
        super().__init__()
        self.register_buffer("weight", _normal((outputs, inputs, size, size), rng))
        self.affine = _dense(w_dim, inputs, rng, spread=STYLE_SPREAD, centre=1.0)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        return modulated_conv2d(x, self.weight, style, padding=self.weight.shape[-1] // 2)


def _layers(resolution: int, channels: int) -> tuple[Layer, ...]:
    names = [("4x4.conv1", 4)]
    size = 8
    while size <= resolution:
        names += [(f"{size}x{size}.conv0", size), (f"{size}x{size}.conv1", size)]
        size *= 2
    return tuple(Layer(name, r, channels, row=i, noise=i) for i, (name, r) in enumerate(names))


def _dense(
    inputs: int, outputs: int, rng: torch.Generator, spread: float = 1.0, centre: float = 0.0
) -> Affine:
    layer = Affine(inputs, outputs)
    layer.weight = _normal((outputs, inputs), rng) * (spread / math.sqrt(inputs))
    layer.bias = torch.full((outputs,), centre, device="cpu")
    return layer


def _normal(shape: tuple[int, ...], rng: torch.Generator) -> Tensor:
    # On the CPU whatever the default device is, so that a seed means the same weights everywhere.
    return torch.randn(shape, generator=rng, device="cpu")


def _double(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
