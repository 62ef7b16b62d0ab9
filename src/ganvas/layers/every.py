"""The subset that holds everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ganvas.layers.subset import Layers, Subset

if TYPE_CHECKING:
    from ganvas.generator.base import Generator


@dataclass(frozen=True)
class All(Layers):
    """Every style row that has an effect, every noise map, every layer."""

    def select(self, generator: Generator) -> Subset:
        """Return everything that `generator` has."""
        return Subset(
            rows=generator.effective_rows,
            noise=tuple(range(len(generator.noise_resolutions))),
            activations=tuple(layer.name for layer in generator.layers),
        )
