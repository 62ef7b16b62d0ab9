"""The root of `optimizer=`: one optimiser for each kind of variable."""

from __future__ import annotations

from dataclasses import dataclass, field

from ganvas.optimizer.adam import Adam
from ganvas.optimizer.base import Optimizer


@dataclass(frozen=True)
class Optimizers:
    """The optimiser of each kind of variable; a recipe refers to them as ${optimizer.latent} …

    Attributes:
        latent: For the latent (z, w, w+ or s).
        noise: For the noise maps.
        activation: For an activation; its rate counts root mean squares of where it starts.
        weights: For the generator's weights, where a stage tunes them.
    """

    latent: Optimizer
    noise: Optimizer
    activation: Optimizer = field(default_factory=lambda: Adam(lr=0.05))
    weights: Optimizer = field(default_factory=lambda: Adam(lr=3e-4, lr_units="rms"))
