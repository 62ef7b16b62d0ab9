"""NVIDIA's own StyleGAN2 from a checkout of stylegan2-ada-pytorch, with random weights."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import torch
from torch import Tensor

from ganvas.generator.stylegan2 import StyleGAN2
from speed.plain import Draw


def drawer(checkout: Path, generator: StyleGAN2) -> Draw:
    """Return its synthesis network of the same channels, as a function of w+ and noise maps.

    Importing the network runs code of the checkout. It computes in float32 throughout, as its
    projector does on a CPU.
    """
    sys.path.insert(0, str(checkout))
    try:
        networks = import_module("training.networks")
    finally:
        sys.path.remove(str(checkout))
    channels = generator.architecture.channels
    torch.manual_seed(0)
    synthesis = networks.SynthesisNetwork(
        w_dim=generator.w_dim, img_resolution=generator.resolution, img_channels=3,
        channel_base=channels[-1] * generator.resolution, channel_max=max(channels),
        num_fp16_res=0,
    )  # fmt: skip
    synthesis.to(generator.w_avg.device).eval().requires_grad_(False)
    layers = [module for module in synthesis.modules() if hasattr(module, "noise_const")]

    def draw(w: Tensor, noise: Sequence[Tensor]) -> Tensor:
        for layer, own in zip(layers, noise, strict=True):
            layer.noise_const = own[0, 0]
        image: Tensor = synthesis(w, noise_mode="const")
        return image

    return draw
