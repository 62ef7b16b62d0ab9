"""VGG16's convolutional features under their usual names, for perceptual and style losses."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from ganvas.errors import ConfigError, nearest
from ganvas.network.weights import asset_tensors

_GROUPS = {1: (64, 64), 2: (128, 128), 3: (256, 256, 256), 4: (512, 512, 512), 5: (512, 512, 512)}

LAYERS = tuple(
    f"conv{group}_{i + 1}" for group, sizes in _GROUPS.items() for i in range(len(sizes))
)
"""The names of the layers, from the input on; each stands for its activation after the ReLU."""


class VGG16(nn.Module):
    """The thirteen convolutions of VGG16, frozen; run only as deep as is asked for.

    Source: Simonyan and Zisserman 2015. Weights: torchvision's, trained on ImageNet.
    """

    shift: Tensor
    scale: Tensor

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        """Take the weights under torchvision's names (``features.N.weight``).

        Args:
            weights: The state dict; the classifier's entries are ignored.
        """
        super().__init__()
        # ImageNet's mean and standard deviation, for images in [−1, 1] instead of [0, 1].
        mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
        self.register_buffer("shift", (2 * mean - 1)[:, None, None])
        self.register_buffer("scale", (2 * std)[:, None, None])
        for name, position in zip(LAYERS, _positions(), strict=True):
            weight = weights[f"features.{position}.weight"]
            # With channels last the convolutions are a little faster on every device.
            weight = weight.contiguous(memory_format=torch.channels_last)
            self.register_buffer(f"{name}_weight", weight)
            self.register_buffer(f"{name}_bias", weights[f"features.{position}.bias"])

    def forward(
        self, images: Float[Tensor, "B 3 H W"], layers: Collection[str]
    ) -> dict[str, Float[Tensor, "B _C _h _w"]]:
        """Return the activations of the named layers, after the ReLU.

        Args:
            images: (B, 3, H, W) in [−1, 1].
            layers: Names out of `LAYERS`.

        Returns:
            By name, (B, C, H / 2ᵏ, W / 2ᵏ) with k = 0 for ``conv1_…`` to 4 for ``conv5_…``.

        Raises:
            ConfigError: A layer that VGG16 does not have.
        """
        for name in layers:
            if name not in LAYERS:
                raise ConfigError(f"VGG16 has no layer '{name}'{nearest(name, LAYERS)}")
        activations: dict[str, Tensor] = {}
        x = (images - self.shift) / self.scale
        for before, name in pairwise(("conv1_0", *LAYERS)):
            if len(activations) == len(set(layers)):
                break
            if name[4] != before[4]:
                x = F.max_pool2d(x, 2)
            x = F.conv2d(x, self._get(name, "weight"), self._get(name, "bias"), padding=1)
            x = F.relu(x, inplace=True)
            if name in layers:
                activations[name] = x
        return activations

    def _get(self, name: str, part: str) -> Tensor:
        return self.get_buffer(f"{name}_{part}")


@cache
def vgg16(device: str = "cpu") -> VGG16:
    """Return the one VGG16 of this process and device, with the weights of the asset.

    Raises:
        AssetError: The weights cannot be fetched.
    """
    return VGG16(asset_tensors("vgg_lpips", "vgg.")).eval().to(device)


def _positions() -> Iterator[int]:
    """Give the index of each convolution in torchvision's list of convolutions, ReLUs and pools."""
    index = 0
    for sizes in _GROUPS.values():
        for _ in sizes:
            yield index
            index += 2
        index += 1
