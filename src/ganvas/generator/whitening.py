"""The spread of a generator's own latents, fitted once."""

from __future__ import annotations

from functools import lru_cache

import torch

from ganvas.functional.priors import Whitening, unrectified
from ganvas.generator.base import Generator

SAMPLES = 10_000


@lru_cache(maxsize=2)
@torch.no_grad()
def latent_whitening(generator: Generator, undo: bool, ridge: float = 1e-4) -> Whitening:
    """Fit mean and covariance to 10,000 samples of w.

    Args:
        generator: Whose mapping network draws them.
        undo: Fit after undoing the mapping network's last leaky ReLU: the P_N space of Zhu et al.
            2020, *Improved StyleGAN Embedding*.
        ridge: No direction counts as less varied than `ridge` × the variance of the most varied.
    """
    samples = generator.sample_w(SAMPLES, torch.Generator().manual_seed(0))
    return Whitening.of(unrectified(samples) if undo else samples, ridge)
