"""AlexNet's convolutional features, for LPIPS."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from ganvas.network.vgg import imagenet_range
from ganvas.network.weights import asset_tensors


class _Convolution(NamedTuple):
    position: int
    stride: int
    padding: int
    pooled: bool


_CONVOLUTIONS = {
    "conv1": _Convolution(0, 4, 2, False),
    "conv2": _Convolution(3, 1, 2, True),
    "conv3": _Convolution(6, 1, 1, True),
    "conv4": _Convolution(8, 1, 1, False),
    "conv5": _Convolution(10, 1, 1, False),
}
"""Of each convolution: its index in torchvision's list, and whether 3 × 3 are pooled before it."""

LAYERS = tuple(_CONVOLUTIONS)
"""The names of the layers, from the input on; each stands for its activation after the ReLU."""


class AlexNet(nn.Module):
    """The five convolutions of AlexNet, frozen.

    Source: Krizhevsky 2014, One weird trick for parallelizing convolutional neural networks.
    Weights: torchvision's, trained on ImageNet.
    """

    shift: Tensor
    scale: Tensor

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        """Take the weights under torchvision's names (``features.N.weight``)."""
        super().__init__()
        for name, value in imagenet_range().items():
            self.register_buffer(name, value)
        for name, convolution in _CONVOLUTIONS.items():
            weight = weights[f"features.{convolution.position}.weight"]
            # With channels last the convolutions are a little faster on every device.
            weight = weight.contiguous(memory_format=torch.channels_last)
            self.register_buffer(f"{name}_weight", weight)
            self.register_buffer(f"{name}_bias", weights[f"features.{convolution.position}.bias"])

    def forward(
        self, images: Float[Tensor, "B 3 H W"], layers: Collection[str]
    ) -> dict[str, Float[Tensor, "B _C _h _w"]]:
        """Return the activations of the named layers (B, C, h, w), after the ReLU.

        Args:
            images: (B, 3, H, W) in [−1, 1], at least 32 × 32.
            layers: Names out of `LAYERS`.
        """
        activations: dict[str, Tensor] = {}
        x = (images - self.shift) / self.scale
        for name, convolution in _CONVOLUTIONS.items():
            if convolution.pooled:
                x = F.max_pool2d(x, 3, 2)
            weight, bias = self.get_buffer(f"{name}_weight"), self.get_buffer(f"{name}_bias")
            x = F.conv2d(x, weight, bias, convolution.stride, convolution.padding)
            x = F.relu(x, inplace=True)
            if name in layers:
                activations[name] = x
        return activations


@cache
def alexnet(device: str = "cpu") -> AlexNet:
    """Return the one AlexNet of this process and device, with the weights of the asset.

    Raises:
        AssetError: The weights cannot be fetched.
    """
    return AlexNet(asset_tensors("vgg_lpips", "alex.")).eval().to(device)
