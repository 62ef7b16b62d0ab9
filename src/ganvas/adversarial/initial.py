"""A StyleGAN2 as it is before training."""

from __future__ import annotations

import torch

from ganvas.generator.architecture import StyleGAN2Architecture
from ganvas.generator.random_weights import random_generator
from ganvas.generator.stylegan2 import StyleGAN2


def untrained(architecture: StyleGAN2Architecture, seed: int) -> StyleGAN2:
    """Return a generator of random weights, without noise, its biases 0 and those of styles 1."""
    generator = random_generator(architecture, seed)
    assert isinstance(generator, StyleGAN2)
    with torch.no_grad():
        for name, value in generator.named_parameters():
            if name.endswith("affine.bias"):
                value.fill_(1)
            elif name.endswith(("bias", "noise_strength")):
                value.zero_()
    return generator.requires_grad_(True).train()
