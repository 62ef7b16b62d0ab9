"""Start from a random sample."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ganvas.embedding import Embedding, Space, join_styles
from ganvas.generator.base import Generator
from ganvas.start.base import Start, starting_noise


@dataclass(frozen=True)
class Random(Start):
    """z ~ N(0, 1) from the seed, mapped to the space, and n ~ N(0, 1) from the seed.

    Attributes:
        space: Latent space to optimise in: z, w, w+ or s.
    """

    space: Space = "w+"

    def begin(self, generator: Generator, names: tuple[str, ...], seed: int) -> Embedding:
        """Return the same sample for every image."""
        rng = torch.Generator().manual_seed(seed)
        z = torch.randn(1, generator.z_dim, generator=rng).to(generator.w_avg.device)
        latent = z if self.space == "z" else generator.mapping(z)
        if self.space in ("w+", "s"):
            latent = generator.broadcast(latent)
        if self.space == "s":
            latent = join_styles(generator.styles(latent))
        latent = latent.repeat(len(names), *[1] * (latent.ndim - 1))
        noise = starting_noise(generator, len(names), seed)
        return Embedding(
            latent, noise, self.space, names=names, generator_hash=generator.source_hash
        )
