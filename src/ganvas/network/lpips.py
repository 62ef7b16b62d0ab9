"""LPIPS, the learned perceptual image patch similarity, with the features of a target cached.

It is the metric of the ``lpips`` package, version 0.1 of its weights, without that package, whose
import brings torchvision and torch's compiler: three seconds of computing. What is added is the
distance to features that were computed once, and its map.

Source: Zhang et al. 2018, The Unreasonable Effectiveness of Deep Features as a Perceptual Metric.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganvas.functional.lpips import feature_maps, unit_features
from ganvas.network.alexnet import LAYERS, AlexNet, alexnet
from ganvas.network.vgg import VGG16, vgg16
from ganvas.network.weights import asset_tensors

Net = Literal["vgg", "alex"]
Precision = Literal["float32", "bfloat16"]

SEEN = {"vgg": ("conv1_2", "conv2_2", "conv3_3", "conv4_3", "conv5_3"), "alex": LAYERS}
"""The five layers of each network that are compared."""


class PerceptualDistance(nn.Module):
    """LPIPS between images and a target whose features are computed once.

    Attributes:
        network: VGG16 or AlexNet.
        precision: In which the convolutions run; the distance itself is always in float32.
            bfloat16 halves the time where the processor multiplies it in hardware, changes the
            value by about 1e-4, and is for losses, not for reported figures.
    """

    def __init__(
        self, network: VGG16 | AlexNet, heads: Sequence[Tensor], precision: Precision = "float32"
    ) -> None:
        """Take the weights (1, C, 1, 1) of each layer, not negative, as `heads`."""
        super().__init__()
        self.network = network
        self.layers = SEEN["vgg" if isinstance(network, VGG16) else "alex"]
        self.precision = precision
        for index, head in enumerate(heads):
            self.register_buffer(f"head{index}", head)

    @property
    def heads(self) -> list[Tensor]:
        """The weights (1, C, 1, 1) of each layer."""
        return [self.get_buffer(f"head{index}") for index in range(len(self.layers))]

    def reference(self, target: Tensor) -> list[Tensor]:
        """Return the normalised features of target images (B, 3, H, W) in [−1, 1], detached."""
        with torch.no_grad():
            return self._features(target)

    def maps(self, images: Tensor, reference: Sequence[Tensor]) -> list[Tensor]:
        """Return the distance at each position of each of the five layers: (B, 1, h, w) each."""
        return feature_maps(self._features(images), reference, self.heads)

    def forward(
        self, images: Tensor, reference: Sequence[Tensor], mask: Tensor | None = None
    ) -> Tensor:
        """Return LPIPS per image.

        Args:
            images: (B, 3, H, W) in [−1, 1], of the target's size.
            reference: What `reference` gave for the target.
            mask: (B, 1, H, W) in [0, 1]: average over this region alone. It is shrunk to each
                layer's size; features near its edge still see beyond it.

        Returns:
            (B,), at least 0.
        """
        maps = self.maps(images, reference)
        if mask is None:
            return sum((m.mean(dim=(1, 2, 3)) for m in maps), images.new_zeros(()))
        total = images.new_zeros(())
        for m in maps:
            weight = F.interpolate(mask, size=m.shape[-2:], mode="area")
            area = weight.sum(dim=(1, 2, 3)).clamp_min(torch.finfo(weight.dtype).tiny)
            total = total + (m * weight).sum(dim=(1, 2, 3)) / area
        return total

    def _features(self, images: Tensor) -> list[Tensor]:
        dtype: torch.dtype = getattr(torch, self.precision)
        reduced = dtype != torch.float32
        with torch.autocast(images.device.type, dtype=dtype if reduced else None, enabled=reduced):
            outputs = self.network(images, self.layers)
        return [unit_features(outputs[layer].float()) for layer in self.layers]


@cache
def perceptual_distance(
    net: Net = "vgg", device: str = "cpu", precision: Precision = "float32"
) -> PerceptualDistance:
    """Return the one instance of this process for these arguments, with the asset's weights.

    Raises:
        AssetError: The weights cannot be fetched.
    """
    weights = asset_tensors("vgg_lpips", f"{net}.lin")
    heads = [weights[f"{index}.weight"] for index in range(len(SEEN[net]))]
    network = vgg16(device) if net == "vgg" else alexnet(device)
    return PerceptualDistance(network, heads, precision).eval().to(device)
