"""Subsets by resolution."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from ganvas.errors import ConfigError
from ganvas.layers.subset import Layers, Subset, row_resolutions, rows_until

if TYPE_CHECKING:
    from ganvas.generator.base import Generator

Pixels = Annotated[int, Field(ge=1)]


@dataclass(frozen=True)
class Band:
    """A range of resolutions, both ends included.

    Attributes:
        low: Lowest resolution; null: from the lowest on.
        high: Highest resolution; null: up to the highest.
    """

    low: Pixels | None = None
    high: Pixels | None = None

    def __post_init__(self) -> None:
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ConfigError(f"a band from {self.low} to {self.high} holds nothing")

    def holds(self, resolution: int) -> bool:
        """Return True when `resolution` lies in the band."""
        return (self.low or 0) <= resolution <= (self.high or resolution)


@dataclass(frozen=True)
class Resolutions(Layers):
    """Separate ranges of resolutions for style rows, noise maps and activations.

    Attributes:
        rows: Which style rows; a row counts by the first convolution that reads it.
        noise: Which noise maps.
        activations: Which layers' activations an operation changes that is told so by
            edit.stages.I_att.layers=${layers}, and which layers' weights a stage tunes.
    """

    rows: Band = field(default_factory=Band)
    noise: Band = field(default_factory=Band)
    activations: Band = field(default_factory=Band)

    def select(self, generator: Generator) -> Subset:
        """Return what lies in the bands."""
        rows = row_resolutions(generator).items()
        noise = enumerate(generator.noise_resolutions)
        return Subset(
            rows=tuple(row for row, resolution in rows if self.rows.holds(resolution)),
            noise=tuple(index for index, resolution in noise if self.noise.holds(resolution)),
            activations=tuple(
                layer.name for layer in generator.layers if self.activations.holds(layer.resolution)
            ),
        )


@dataclass(frozen=True)
class Split(Layers):
    """The rows on one side of a resolution: up to its first convolution content, then style.

    With 64 that is 9 and 9 of StyleGAN1's 18 rows, as in Abdal et al. 2019, section 4.2. All noise
    maps stay selected.

    Attributes:
        part: "content" for the lower rows, "style" for the others.
        resolution: Resolution whose first convolution is the last of the content.
    """

    part: Literal["content", "style"]
    resolution: Pixels = 64

    def select(self, generator: Generator) -> Subset:
        """Return the rows of the part, their layers' activations, and all noise maps."""
        content = rows_until(generator, self.resolution)
        rows = content if self.part == "content" else set(generator.effective_rows) - content
        return Subset.of_rows(generator, rows)
