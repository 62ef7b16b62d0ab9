"""Optimisers that follow the gradient, and how their learning rate changes over a stage."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from ganvas.functional.schedule import ramp
from ganvas.optimizer.base import Optimizer

Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]


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
class Descent(Optimizer):
    """An optimiser that follows the gradient.

    Attributes:
        lr: Learning rate at its highest.
        schedule: How the rate changes over the stage.
    """

    lr: Positive
    schedule: Schedule = field(default_factory=Schedule)

    def rate(self, step: int, steps: int) -> float:
        """Return the learning rate in step `step` of `steps`."""
        return self.lr * self.schedule.at(step, steps)
