"""Small generators of every family that can be tiled."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from ganvas.generator.architecture import StyleGAN1Architecture, StyleGAN2Architecture
from ganvas.generator.base import Generator
from ganvas.generator.mobilestylegan import MobileStyleGAN
from ganvas.generator.random_weights import random_generator
from ganvas.generator.tiny_network import TinyGenerator


def small_mobilestylegan() -> MobileStyleGAN:
    """Return a MobileStyleGAN at 64² with random weights of about unit gain."""
    generator = MobileStyleGAN((16, 16, 16, 16), 8, 2)
    rng = torch.Generator().manual_seed(0)
    for name, weight in generator.named_buffers():
        fan = weight[0].numel() if weight.ndim > 1 else 1
        drawn = torch.randn(weight.shape, generator=rng) / fan**0.5
        weight.copy_(drawn + 1.0 if name.endswith("affine.bias") else drawn)
    return generator.eval().requires_grad_(False)


def stylegan2(**options: object) -> Generator:
    """Return a StyleGAN2 at 64² with random weights."""
    return random_generator(
        StyleGAN2Architecture(mapping=(8, 8, 8), channels=(6, 6, 4, 4, 4), **options)
    )


FAMILIES: dict[str, Callable[[], Generator]] = {
    "tiny": lambda: TinyGenerator(64, 8, 8),
    "mobilestylegan": small_mobilestylegan,
    # From 128² on its upscaling is another one.
    "stylegan1": lambda: random_generator(
        StyleGAN1Architecture(mapping=(8, 8, 8), channels=(6, 6, 4, 4, 4, 4))
    ),
    "stylegan2": stylegan2,
    "stylegan2 resnet": lambda: stylegan2(layout="resnet"),
    "stylegan2 orig": lambda: stylegan2(layout="orig"),
    "stylegan2 without noise": lambda: stylegan2(noise=False),
}


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> Generator:
    """Return a generator of each family in turn."""
    return FAMILIES[request.param]()
