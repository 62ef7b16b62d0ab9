"""What an operation makes of two images' activations at one layer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

if TYPE_CHECKING:
    from ganvas.generator.base import Activation, Generator

Fraction = Annotated[float, Field(ge=0, le=1)]
Seed = Annotated[int, Field(ge=0)]


class Change(ABC):
    """A function of A, the state of the edited image after a layer, and B, the other image's."""

    @abstractmethod
    def apply(
        self, state: Activation, other: Activation, generator: Generator, layer: str
    ) -> Activation:
        """Return the state that is taken where the mask says so.

        Args:
            state: A, of one image.
            other: B, of one image, in the same shapes.
            generator: The generator.
            layer: The layer's name.
        """

    def check(  # noqa: B027 - most changes fit any layer
        self, state: Activation, generator: Generator, layer: str
    ) -> None:
        """Refuse a layer that the change cannot be made at, before any work.

        Args:
            state: Any state after the layer: what counts is its shape.
            generator: The generator.
            layer: The layer's name.

        Raises:
            ConfigError: It has no such unit, or cannot be cut so.
        """


@dataclass(frozen=True)
class Copy(Change):
    """B: the other image's activations."""

    def apply(
        self, state: Activation, other: Activation, generator: Generator, layer: str
    ) -> Activation:
        """Return B."""
        return other


@dataclass(frozen=True)
class Average(Change):
    """λA + (1 − λ)B.

    Attributes:
        weight: λ, the share of the image itself.
    """

    weight: Fraction = 0.5

    def apply(
        self, state: Activation, other: Activation, generator: Generator, layer: str
    ) -> Activation:
        """Return the weighted average."""
        import torch

        from ganvas.generator.base import Activation

        rgb = None
        if state.rgb is not None and other.rgb is not None:
            rgb = torch.lerp(other.rgb, state.rgb, self.weight)
        return Activation(torch.lerp(other.features, state.features, self.weight), rgb)


def margin_of(generator: Generator, layer: str) -> int:
    """Return how many samples of a layer's maps lie outside of the image, on each side."""
    return generator.layers[generator.layer_index(layer)].margin
