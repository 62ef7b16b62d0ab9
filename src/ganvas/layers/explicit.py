"""Subsets that are written out, and subsets made of others."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ganvas.errors import ConfigError
from ganvas.layers.every import All
from ganvas.layers.subset import Layers, Subset

if TYPE_CHECKING:
    from ganvas.generator.base import Generator


@dataclass(frozen=True)
class Explicit(Layers):
    """Indices and names of one generator, as `ganvas` lists them.

    Attributes:
        rows: Indices of style rows, from 0; null: all.
        noise: Indices of noise maps, from 0; null: all.
        activations: Names of layers, for edit.stages.I_att.layers=${layers} and for tuning; null:
            all.
    """

    rows: tuple[int, ...] | None = None
    noise: tuple[int, ...] | None = None
    activations: tuple[str, ...] | None = None

    def select(self, generator: Generator) -> Subset:
        """Return the subset.

        Raises:
            ConfigError: There is no such row, noise map or layer, or the row has no effect.
        """
        every = All().select(generator)
        for row in self.rows or ():
            if 0 <= row < generator.rows and row not in every.rows:
                raise ConfigError(f"layers.rows: row {row} of {generator.name} has no effect")
        for name in self.activations or ():
            generator.layer_index(name)
        return Subset(
            rows=_known("row", self.rows, every.rows, generator),
            noise=_known("noise map", self.noise, every.noise, generator),
            activations=every.activations if self.activations is None else self.activations,
        )


@dataclass(frozen=True)
class Mixed(Layers):
    """Style rows of one subset, noise maps of a second, activations of a third.

    Attributes:
        rows: Subset whose style rows are taken.
        noise: Subset whose noise maps are taken.
        activations: Subset whose activations are taken.
    """

    rows: Layers = field(default_factory=All)
    noise: Layers = field(default_factory=All)
    activations: Layers = field(default_factory=All)

    def select(self, generator: Generator) -> Subset:
        """Return the mixture."""
        return Subset(
            rows=self.rows.select(generator).rows,
            noise=self.noise.select(generator).noise,
            activations=self.activations.select(generator).activations,
        )


def _known(
    kind: str, wanted: tuple[int, ...] | None, known: Collection[int], generator: Generator
) -> tuple[int, ...]:
    if wanted is None:
        return tuple(known)
    for index in wanted:
        if index not in known:
            raise ConfigError(
                f"layers: {generator.name} has no {kind} {index}; known: "
                + ", ".join(map(str, sorted(known)))
            )
    return tuple(sorted(set(wanted)))
