"""Generators of random weights: their speed is that of trained ones."""

from __future__ import annotations

from ganvas.generator import Generator
from ganvas.generator.architecture import StyleGAN2Architecture
from ganvas.generator.random_weights import random_generator

CONFIG_F = (512, 512, 512, 512, 512, 256, 128, 64, 32)
"""Channels of StyleGAN2's configuration f, from 4² to 1024²."""

NARROW = {64: (128, 128, 128, 128, 64), 256: (128, 128, 128, 128, 64, 32, 16)}
"""A quarter of those that NVIDIA trains at these resolutions."""


def stylegan2(channels: tuple[int, ...] = CONFIG_F) -> Generator:
    """Return a StyleGAN2 with these channels from 4² on."""
    return random_generator(StyleGAN2Architecture(mapping=(512,) * 9, channels=channels))
