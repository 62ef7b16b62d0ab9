"""The coordinates in which a network moves w+, and in which it is judged."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ganvas.encoder.network import Update
from ganvas.generator.base import Generator


@dataclass(frozen=True, eq=False)
class Coordinates:
    """Whitened coordinates u of w: a step of u is a step of w of u B.

    Attributes:
        basis: (D, D), B; its rows are directions of w of the length of a standard deviation.
        rows: (rows, R), 1 where a row of w+ is the r-th of those that have an effect, else 0.
    """

    basis: Float[Tensor, "D D"]
    rows: Float[Tensor, "rows R"]

    @classmethod
    def of(cls, generator: Generator, basis: Float[Tensor, "D D"]) -> Coordinates:
        """Return those of a generator, on its device."""
        device = generator.w_avg.device
        place = torch.zeros(generator.rows, len(generator.effective_rows))
        place[list(generator.effective_rows), range(place.shape[1])] = 1
        return cls(basis.to(device), place.to(device))

    def moved(self, w: Float[Tensor, "B rows D"], update: Update) -> Float[Tensor, "B rows D"]:
        """Return w+ after an update; rows without effect follow the common part alone."""
        with torch.autocast(w.device.type, enabled=False):
            step = update.common[:, None] + self.rows @ update.rows
            return w + step @ self.basis
