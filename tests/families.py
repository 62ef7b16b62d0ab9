"""A small generator of every family, with random weights."""

from __future__ import annotations

import torch

from ganvas.generator import Generator
from ganvas.generator.architecture import (
    StyleGAN1Architecture,
    StyleGAN2Architecture,
    StyleGAN3Architecture,
)
from ganvas.generator.mobilestylegan import MobileStyleGAN
from ganvas.generator.random_weights import random_generator
from ganvas.generator.tiny import TinyGenerator


def mobilestylegan() -> Generator:
    generator = MobileStyleGAN((8, 8, 8), w_dim=8, depth=2)
    rng = torch.Generator().manual_seed(0)
    for tensor in generator.state_dict().values():
        tensor.copy_(torch.randn(tensor.shape, generator=rng) / 3)
    return generator.eval().requires_grad_(False)


MAKERS = {
    "tiny": lambda: TinyGenerator(resolution=32, channels=8, w_dim=16).eval(),
    "mobilestylegan": mobilestylegan,
    "stylegan1": lambda: random_generator(StyleGAN1Architecture((8, 8, 8), (6, 6, 4))),
    "stylegan2": lambda: random_generator(StyleGAN2Architecture((8, 8, 8), (6, 6, 4))),
    "stylegan2 resnet": lambda: random_generator(
        StyleGAN2Architecture((8, 8, 8), (6, 6, 4), layout="resnet")
    ),
    "stylegan3": lambda: random_generator(
        StyleGAN3Architecture((8, 8), 16, channel_base=128, channel_max=6, layers=4)
    ),
}
