"""The spread of a generator's own latents, fitted once."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import torch

from ganvas.functional.priors import Whitening, unrectified
from ganvas.generator.base import Generator

SAMPLES = 10_000


# It holds a fit for as long as its generator lives, and does not keep the generator alive.
_FITS: WeakKeyDictionary[Generator, dict[tuple[bool, float, torch.device], Whitening]] = (
    WeakKeyDictionary()
)


@torch.no_grad()
def latent_whitening(generator: Generator, *, undo: bool, ridge: float = 1e-4) -> Whitening:
    """Fit mean and covariance to 10,000 samples of w; once for each generator.

    Args:
        generator: Whose mapping network draws them.
        undo: Fit after undoing the mapping network's last leaky ReLU: the P_N space of Zhu et al.
            2020, *Improved StyleGAN Embedding*.
        ridge: No direction counts as less varied than `ridge` × the variance of the most varied.
    """
    fits = _FITS.setdefault(generator, {})
    key = undo, ridge, generator.w_avg.device
    if key not in fits:
        samples = generator.sample_w(SAMPLES, torch.Generator().manual_seed(0))
        fits[key] = Whitening.of(unrectified(samples) if undo else samples, ridge)
    return fits[key]
