"""A way to choose the latents of a canvas, and what the ways share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Checked

from ganvas.tile.assignment import Assignment

if TYPE_CHECKING:
    import torch

    from ganvas.generator.base import Generator
    from ganvas.tile.geometry import Geometry

Psi = Annotated[float, Checked(ge=0, le=1)]
Say = Callable[[str], None]


class LatentSource(ABC):
    """A way to choose the latents of a canvas."""

    @abstractmethod
    def assign(self, generator: Generator, geometry: Geometry, seed: int, say: Say) -> Assignment:
        """Return the choice.

        Args:
            generator: Frozen.
            geometry: The grid.
            seed: Of everything random.
            say: Is told, in a line, about what takes time.

        Raises:
            InputError: A file that it reads does not serve.
        """


def rng_of(seed: int) -> torch.Generator:
    """Return torch's random numbers for choices, which are made once and written down."""
    import torch

    return torch.Generator().manual_seed(seed)
