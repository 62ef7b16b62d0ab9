"""Which style rows and noise maps of a generator may change."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ganvas.errors import ConfigError

if TYPE_CHECKING:
    from ganvas.generator.base import Generator


@dataclass(frozen=True)
class Subset:
    """Indices into one generator, ascending.

    Attributes:
        rows: Style rows (of w+) that may change.
        noise: Noise maps that may change.
        activations: Names of the layers whose activations an operation that takes the subset
            changes, and whose weights a stage may tune.
    """

    rows: tuple[int, ...]
    noise: tuple[int, ...]
    activations: tuple[str, ...]

    @classmethod
    def of_rows(cls, generator: Generator, rows: Collection[int]) -> Subset:
        """Return the rows, the activations of the layers that read them, and all noise maps."""
        return cls(
            rows=tuple(sorted(rows)),
            noise=tuple(range(len(generator.noise_resolutions))),
            activations=tuple(layer.name for layer in generator.layers if layer.row in rows),
        )


class Layers(ABC):
    """A layer subset, described without naming a generator, so that it carries to any."""

    @abstractmethod
    def select(self, generator: Generator) -> Subset:
        """Return the subset for `generator`; rows that have no effect are never in it."""


def selected(layers: Layers, generator: Generator) -> Subset:
    """Return the subset that layers select, which may be somebody else's.

    Raises:
        ConfigError: They select nothing at all, or what the generator does not have.
    """
    subset = layers.select(generator)
    name = f"{type(layers).__name__}.select"
    if not isinstance(subset, Subset):
        raise ConfigError(f"{name} gives {type(subset).__name__}, not a Subset")
    maps = len(generator.noise_resolutions)
    for noun, chosen, count in (
        ("row", subset.rows, generator.rows),
        ("noise map", subset.noise, maps),
    ):
        for index in chosen:
            if not 0 <= index < count:
                raise ConfigError(f"{name} gives {noun} {index}; {generator.name} has {count}")
    for layer in subset.activations:
        generator.layer_index(layer)
    return subset


def row_resolutions(generator: Generator) -> dict[int, int]:
    """Return the resolution of each effective style row, ascending by row.

    A row belongs to the first convolution that reads it. One that only the input reads belongs to
    the lowest resolution, one that only the output reads to the top one.
    """
    first = generator.layers[0]
    resolutions = dict.fromkeys(range(first.row), first.resolution)
    for layer in generator.layers:
        resolutions.setdefault(layer.row, layer.resolution)
    top = generator.resolution
    return {row: resolutions.get(row, top) for row in sorted(generator.effective_rows)}


def rows_until(generator: Generator, resolution: int) -> set[int]:
    """Return the effective style rows up to that of the first convolution at a resolution."""
    resolutions = row_resolutions(generator)
    first = next((row for row, r in resolutions.items() if r >= resolution), None)
    return {row for row, r in resolutions.items() if r < resolution or row == first}
