"""What a training by gradients is set up with."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import Field

from ganvas.encoder.maps import Maps
from ganvas.encoder.objective import Objective
from ganvas.encoder.stream import Stream
from ganvas.encoder.widths import Widths

Count = Annotated[int, Field(ge=1)]
Fraction = Annotated[float, Field(ge=0, le=1)]
MOST_LOOKS = 100
"""A file may come from a stranger, and each look of it costs a render."""


@dataclass(frozen=True)
class Settings:
    """The network, its samples, its losses, and the course of the training.

    Attributes:
        maps: What it sees of a picture.
        widths: How large it is.
        stream: How training samples are drawn.
        objective: The losses and their weights.
        linear_samples: Samples from which its linear part is regressed before the training.
        iterations: How often it looks; each time it sees the render of the latent so far.
        batch: Samples that a step learns from; all count for the exact latent.
        renders: How many of them are rendered, for the losses of pictures and for the next look.
            Rendering is what costs.
        render_every: Steps between two that render; those between train the first look alone.
        learning_rate: Adam's, at its highest.
        warm_up: Fraction of the training over which the rate rises from 0.
        cool_down: Fraction of the training, at its end, over which the rate falls to 0.
        seconds: Stop after so many seconds, with the rate cooled down; null: after all samples.
            A training with a limit is not repeatable to the bit.
        photographs: A folder of photographs, cut as the generator's pictures are, that are trained
            on by the losses of pictures alone; null: none.
        photograph_batch: How many of them each step takes.
        held_out: New samples that the trained encoder is measured on.
        judges: A folder of photographs that it is measured on, cut to the centre; null: none.
    """

    maps: Maps = field(default_factory=Maps)
    widths: Widths = field(default_factory=Widths)
    stream: Stream = field(default_factory=Stream)
    objective: Objective = field(default_factory=Objective)
    linear_samples: Annotated[int, Field(ge=128)] = 2048
    iterations: Annotated[int, Field(ge=1, le=MOST_LOOKS)] = 2
    batch: Count = 32
    renders: Count = 16
    render_every: Count = 1
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    warm_up: Fraction = 0.03
    cool_down: Fraction = 0.5
    seconds: Annotated[float, Field(gt=0)] | None = None
    photographs: Path | None = None
    photograph_batch: Count = 8
    held_out: Count = 64
    judges: Path | None = None

    @property
    def variational(self) -> bool:
        """Whether the network says how certain it is."""
        return False

    @property
    def needs_renders(self) -> bool:
        """Whether anything asks for a render."""
        return self.objective.needs_renders or self.iterations > 1

    def weight(self, loss: str) -> float:
        """Return the weight of a loss by its name."""
        weight: float = getattr(self.objective, loss)
        return weight
