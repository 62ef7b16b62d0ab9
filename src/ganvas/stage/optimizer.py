"""Optimisers (`optimizer=`) and their learning-rate schedules."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import nn

from ganvas.functional.schedule import ramp

Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Gains = Callable[[], list[float]]

FAINTEST = 1e-9
"""A map that moves the image by less than this cannot be seen, and must not be divided by."""


@dataclass(frozen=True)
class Schedule:
    """The learning rate over a stage: a linear ramp up and a cosine ramp down.

    Attributes:
        up: Fraction of the stage over which the rate rises from 0.
        down: Fraction of the stage, at its end, over which it falls to 0.
    """

    up: Fraction = 0.05
    down: Fraction = 0.5

    def at(self, step: int, steps: int) -> float:
        """Return the multiplier of the rate in step `step` of `steps`; never exactly 0."""
        return ramp((step + 0.5) / steps, self.up, self.down)


@dataclass(frozen=True, kw_only=True)
class Optimizer(ABC):
    """How one kind of variable is moved.

    Attributes:
        lr: Learning rate at its highest.
        schedule: How the rate changes over the stage.
    """

    lr: Positive
    schedule: Schedule = field(default_factory=Schedule)

    @abstractmethod
    def build(self, parameters: Iterable[nn.Parameter], gains: Gains) -> torch.optim.Optimizer:
        """Return the torch optimiser that holds exactly `parameters`.

        Args:
            parameters: Tensors (B, …) of the same B.
            gains: Gives, for each of them, how much a change of 1 changes the image.
        """


@dataclass(frozen=True, kw_only=True)
class Adam(Optimizer):
    """Adam, which treats every scalar alone: images in a batch do not influence each other.

    Attributes:
        betas: Decay rates of the running mean and of the running square.
        eps: Added to the root of the running square; it must be small beside the gradients, and
            those of faint noise maps are about 1e-10.
        units: What the rate counts: units of the variable, or units of the image, for noise: the
            rate of each map is divided by the change that it makes in the image. The maps of one
            generator differ a thousandfold in that. For weights, rms is the fraction of each
            tensor's root mean square, which differs ten-thousandfold.
    """

    betas: tuple[Fraction, Fraction] = (0.9, 0.999)
    eps: Positive = 1e-8
    units: Literal["variable", "image", "rms"] = "variable"

    def build(self, parameters: Iterable[nn.Parameter], gains: Gains) -> torch.optim.Optimizer:
        """Return torch's fused Adam, with one group per tensor that holds its rate's `scale`."""
        parameters = list(parameters)
        scales = [1.0] * len(parameters)
        if self.units == "image":
            scales = [1 / max(gain, FAINTEST) for gain in gains()]
        if self.units == "rms":
            scales = [max(float(p.detach().square().mean().sqrt()), FAINTEST) for p in parameters]
        groups = [{"params": [p], "scale": s} for p, s in zip(parameters, scales, strict=True)]
        return torch.optim.Adam(groups, lr=self.lr, betas=self.betas, eps=self.eps, fused=True)


@dataclass(frozen=True)
class Optimizers:
    """The optimiser of each kind of variable; a recipe refers to them as ${optimizer.latent} …

    Attributes:
        latent: For the latent (z, w, w+ or s).
        noise: For the noise maps.
        weights: For the generator's weights, where a stage tunes them.
    """

    latent: Optimizer
    noise: Optimizer
    weights: Optimizer = field(default_factory=lambda: Adam(lr=3e-4, units="rms"))
