"""LPIPS, the learned perceptual image patch similarity, with the features of a target cached.

The network is that of the ``lpips`` package, version 0.1 of its weights; what is added is the
distance to features that were computed once, and its map.

Source: Zhang et al. 2018, The Unreasonable Effectiveness of Deep Features as a Perceptual Metric.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganvas.functional.lpips import feature_maps, unit_features
from ganvas.network import backbones
from ganvas.network.weights import asset_tensors
from ganvas.system.imports import stand_ins

if TYPE_CHECKING:
    from lpips import LPIPS

Net = Literal["vgg", "alex"]
Precision = Literal["float32", "bfloat16"]


class PerceptualDistance(nn.Module):
    """LPIPS between images and a target whose features are computed once.

    Attributes:
        module: The module of the ``lpips`` package: ``module(a, b)`` is the metric (B, 1, 1, 1).
        precision: In which the convolutions run; the distance itself is always in float32.
            bfloat16 halves the time where the processor multiplies it in hardware, changes the
            value by about 1e-4, and is for losses, not for reported figures.
    """

    def __init__(self, module: LPIPS, precision: Precision = "float32") -> None:
        super().__init__()
        self.module = module
        self.precision = precision

    def reference(self, target: Tensor) -> list[Tensor]:
        """Return the normalised features of target images (B, 3, H, W) in [−1, 1], detached."""
        with torch.no_grad():
            return self._features(target)

    def maps(self, images: Tensor, reference: Sequence[Tensor]) -> list[Tensor]:
        """Return the distance at each position of each of the five layers: (B, 1, h, w) each."""
        heads = [head.model[-1].weight for head in self.module.lins]
        return feature_maps(self._features(images), reference, heads)

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
            outputs = self.module.net(self.module.scaling_layer(images))
        return [unit_features(f.float()) for f in outputs]


@cache
def perceptual_distance(
    net: Net = "vgg", device: str = "cpu", precision: Precision = "float32"
) -> PerceptualDistance:
    """Return the one instance of this process for these arguments, with the asset's weights.

    Raises:
        AssetError: The weights cannot be fetched.
    """
    module = lpips_module(net, asset_tensors("vgg_lpips", f"{net}."))
    return PerceptualDistance(module, precision).eval().to(device)


def lpips_module(net: Net, weights: Mapping[str, Tensor]) -> Any:
    """Build the ``lpips`` package's LPIPS from given weights, frozen and without any download.

    Args:
        net: Which features.
        weights: ``features.N.{weight,bias}`` under torchvision's names and ``linK.weight``.
    """
    package = _package()
    with warnings.catch_warnings(), torch.device("meta"):
        # The package still passes torchvision's old `pretrained` argument.
        warnings.filterwarnings("ignore", category=UserWarning, module="torchvision")
        module = package.LPIPS(pretrained=False, net=net, pnet_rand=True, verbose=False)
    state = {
        "scaling_layer.shift": torch.tensor([-0.030, -0.088, -0.188])[None, :, None, None],
        "scaling_layer.scale": torch.tensor([0.458, 0.448, 0.450])[None, :, None, None],
    }
    for key in module.state_dict():
        if match := re.fullmatch(r"net\.slice\d\.(\d+\.\w+)", key):
            state[key] = weights[f"features.{match[1]}"]
        elif match := re.fullmatch(r"(?:lin|lins\.)(\d)\.model\.1\.weight", key):
            state[key] = weights[f"lin{match[1]}.weight"]
    module.load_state_dict(state, assign=True)
    # With channels last the convolutions are a little faster on every device.
    return module.requires_grad_(False).eval().to(memory_format=torch.channels_last)


def _package() -> ModuleType:
    """Import `lpips` without what it takes no part of, or only two networks."""
    with stand_ins(
        {
            "torchvision": {"models": backbones},
            "scipy": {},
            "scipy.ndimage": {"zoom": None},  # for its training
        }
    ):
        return import_module("lpips")
