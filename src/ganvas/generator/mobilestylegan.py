"""MobileStyleGAN: a light synthesis network behind StyleGAN2's mapping network.

Source: Belousov, MobileStyleGAN: A Lightweight Convolutional Neural Network for High-Fidelity Image
Synthesis, 2021.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganvas.functional.mapping import style_mapping
from ganvas.functional.modulation import scaled
from ganvas.functional.separable import separable_layer
from ganvas.functional.wavelet import inverse_haar
from ganvas.generator.base import Activation, Generator, Layer
from ganvas.generator.frozen import Affine, Frozen

SLOPE = 0.2


class MobileStyleGAN(Generator):
    """A stem at 4² and blocks that double the size by an inverse Haar transform.

    The style rows follow StyleGAN2's count: block i reads rows 3i + 1 and 3i + 2, the image reads
    the row after the last one of the blocks, and the other rows have no effect.
    """

    stem: _Stem
    to_image: _ToImage
    w_avg: Tensor

    family = "mobilestylegan"
    name = "mobilestylegan"

    def __init__(
        self,
        channels: Sequence[int] = (512, 512, 512, 512, 512, 256, 128, 64),
        w_dim: int = 512,
        depth: int = 8,
    ) -> None:
        """Make the modules, without weights.

        Args:
            channels: Channels of the activations of the stem and of each block.
            w_dim: Length of z and of a style row.
            depth: Number of layers of the mapping network.
        """
        super().__init__()
        blocks = len(channels) - 1
        self.hyperparameters = {"channels": list(channels), "w_dim": w_dim, "depth": depth}
        self.resolution = 4 * 2 ** (blocks + 1)
        self.z_dim = self.w_dim = w_dim
        self.rows = 3 * blocks + 2
        self._image_row = 3 * blocks
        middle = [3 * i + k for i in range(blocks) for k in (1, 2)]
        self.effective_rows = (0, *middle, self._image_row)
        self.layers = _layers(channels)

        self.mapping_network = nn.Sequential(*(Affine(w_dim, w_dim) for _ in range(depth)))
        self.stem = _Stem(channels[0], w_dim)
        self.blocks = nn.Sequential(
            *(_Block(*pair, w_dim, 8 * 2**i) for i, pair in enumerate(pairwise(channels)))
        )
        self.to_image = _ToImage(channels[-1], w_dim)
        self.register_buffer("w_avg", torch.empty(w_dim))

    def mapping(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """Map z (B, z_dim) to w (B, w_dim); there are no classes, so `label` is ignored."""
        layers = cast("Iterable[Affine]", self.mapping_network)
        return style_mapping(z, ((layer.weight, layer.bias) for layer in layers), SLOPE)

    def styles(self, w: Tensor) -> list[Tensor]:
        """Return the factors of the stem, of each block's (up, conv1, conv2) and of the image."""
        styles = [self.stem.affine.forward(w[:, 0])]
        for i, block in enumerate(cast("Iterable[_Block]", self.blocks)):
            first, second = w[:, 3 * i + 1], w[:, 3 * i + 2]
            styles += [
                block.up.affine.forward(first),
                block.conv1.affine.forward(first),
                block.conv2.affine.forward(second),
            ]
        return [*styles, self.to_image.affine.forward(w[:, self._image_row])]

    def fixed_noise(self, batch: int = 1) -> list[Tensor]:
        """Return the maps stored with the weights, scaled to unit variance."""
        stored = [self._conv(index).noise_const for index in range(len(self.layers))]
        return [m.expand(batch, -1, -1, -1).contiguous() for m in stored]

    def _conv(self, index: int) -> _Stem | _Separable:
        if index == 0:
            return self.stem
        block = cast("_Block", self.blocks[(index - 1) // 2])
        return block.conv1 if index % 2 else block.conv2

    def parts(self, index: int) -> tuple[str, ...]:
        """Return the convolution with the scaling before it, and the output behind the last."""
        if index == 0:
            return ("stem",)
        block = f"blocks.{(index - 1) // 2}"
        names = (f"{block}.up", f"{block}.conv1") if index % 2 else (f"{block}.conv2",)
        return (*names, "to_image") if index == len(self.layers) - 1 else names

    def reach(self, index: int) -> int:
        """Return the radius of a 3×3 convolution; a Haar transform reads one position alone."""
        return 1 if index < len(self.layers) else 0

    def begin(self, styles: Sequence[Tensor]) -> Activation:
        """Return the learned constant."""
        return Activation(self.stem.const.expand(len(styles[0]), -1, -1, -1))

    def layer(
        self, index: int, state: Activation, styles: Sequence[Tensor], noise: Sequence[Tensor]
    ) -> Activation:
        """Run layer `index`."""
        block, x = 3 * ((index - 1) // 2), state.features
        if index == 0:
            return Activation(self.stem.forward(x, styles[0], noise[0]))
        if index % 2:
            x = inverse_haar(*_left(x, styles[block + 1]))
        style = styles[block + 2 if index % 2 else block + 3]
        return Activation(self._conv(index).forward(x, style, noise[index]))

    def finish(self, state: Activation, styles: Sequence[Tensor]) -> Tensor:
        """Turn the last activation into RGB."""
        return self.to_image.forward(state.features, styles[-1])


def _layers(channels: Sequence[int]) -> tuple[Layer, ...]:
    layers = [Layer("4x4.conv", 4, channels[0], row=0, noise=0)]
    for i, count in enumerate(channels[1:]):
        size = 8 * 2**i
        for k in (1, 2):
            name = f"{size}x{size}.conv{k}"
            layers.append(Layer(name, size, count, row=3 * i + k, noise=len(layers)))
    return tuple(layers)


def _left(x: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
    """Return x and the factor per channel (B, C) that it is still to be scaled by.

    A style of each position scales x at once, because it does not commute with a convolution.
    """
    if style.ndim == 2:
        return x, style
    return scaled(x, style), x.new_ones(x.shape[:2])


class _Up(Frozen):
    """The scaling of the bands before the inverse Haar transform."""

    def __init__(self, channels: int, w_dim: int) -> None:
        super().__init__()
        self.affine = Affine(w_dim, channels)


class _Stem(Frozen):
    const: Tensor
    weight: Tensor
    bias: Tensor
    noise_const: Tensor
    noise_strength: Tensor

    def __init__(self, channels: int, w_dim: int) -> None:
        super().__init__(
            const=(1, channels, 4, 4),
            weight=(channels, channels, 3, 3),
            bias=(channels,),
            noise_const=(1, 1, 4, 4),
            noise_strength=(1,),
        )
        self.affine = Affine(w_dim, channels)

    def forward(self, x: Tensor, style: Tensor, noise: Tensor) -> Tensor:
        y = F.conv2d(scaled(x, style), self.weight, self.bias, padding=1)
        return F.leaky_relu(y + noise * self.noise_strength, SLOPE)


class _Separable(Frozen):
    depthwise: Tensor
    pointwise: Tensor
    bias: Tensor
    noise_const: Tensor
    noise_strength: Tensor

    def __init__(self, inputs: int, outputs: int, w_dim: int, size: int) -> None:
        super().__init__(
            depthwise=(inputs, 1, 3, 3),
            pointwise=(outputs, inputs, 1, 1),
            bias=(outputs,),
            noise_const=(1, 1, size, size),
            noise_strength=(1,),
        )
        self.affine = Affine(w_dim, inputs)

    def forward(self, x: Tensor, style: Tensor, noise: Tensor) -> Tensor:
        scaled = noise * self.noise_strength
        x, style = _left(x, style)
        return separable_layer(x, style, scaled, self.depthwise, self.pointwise, self.bias, SLOPE)


class _Block(nn.Module):
    """Twice the size: scaled inverse Haar transform, then two separable layers."""

    def __init__(self, before: int, after: int, w_dim: int, size: int) -> None:
        super().__init__()
        self.up = _Up(before, w_dim)
        self.conv1 = _Separable(before // 4, after, w_dim, size)
        self.conv2 = _Separable(after, after, w_dim, size)


class _ToImage(Frozen):
    """Three colours in four bands each, and a last inverse Haar transform."""

    weight: Tensor
    bias: Tensor

    def __init__(self, channels: int, w_dim: int) -> None:
        super().__init__(weight=(12, channels, 1, 1), bias=(12,))
        self.affine = Affine(w_dim, channels)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        x, style = _left(x, style)
        # Both the style and the transform act on the few weights instead of the many pixels: what
        # is left to do is to put the 3·2·2 scalars that a position gives side by side.
        kernel = inverse_haar(self.weight.transpose(0, 1)).flatten(1) * style[:, :, None]
        bias = inverse_haar(self.bias[None, :, None, None]).flatten()
        squares = torch.baddbmm(bias, x.permute(0, 2, 3, 1).flatten(1, 2), kernel)
        return F.pixel_shuffle(squares.mT.reshape(len(x), -1, *x.shape[2:]), 2)
