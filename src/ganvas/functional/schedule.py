"""Multipliers over the course of a stage."""

from __future__ import annotations

import math


def ramp(progress: float, up: float, down: float) -> float:
    """Return the multiplier in [0, 1] of a linear ramp up and a cosine ramp down.

    Args:
        progress: How far the stage is, in [0, 1].
        up: Fraction of the stage over which the multiplier rises.
        down: Fraction of the stage, at its end, over which it falls.

    Source: the shape of the learning rate in StyleGAN2's projector, Karras et al. 2020, appendix D.

    >>> [round(ramp(t, 0.1, 0.5), 3) for t in (0.0, 0.05, 0.3, 0.75, 1.0)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    rising = min(1.0, progress / up) if up > 0 else 1.0
    falling = 1.0
    if down > 0:
        falling = 0.5 - 0.5 * math.cos(math.pi * min(1.0, (1.0 - progress) / down))
    return rising * falling


def exploration(progress: float, until: float) -> float:
    """Return how far random exploration has faded, in [0, 1]: max(0, 1 − t / until)².

    Source: the latent noise of StyleGAN2's projector, Karras et al. 2020, appendix D.

    >>> [exploration(t, 0.75) for t in (0.0, 0.375, 0.75, 1.0)]
    [1.0, 0.25, 0.0, 0.0]
    """
    return max(0.0, 1 - progress / until) ** 2
