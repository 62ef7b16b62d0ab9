"""A step of a recipe that optimises nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING

from ganvas.stage import EmbeddingSpec, Scene

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from ganvas.generator.base import Generator


class Operation(ABC):
    """Changes an embedding of the scene in one pass.

    What it changes must be part of the embedding that it leaves, so that a saved embedding renders
    the edited picture.
    """

    @abstractmethod
    def apply(self, scene: Scene) -> Float[Tensor, "B 3 H W"]:
        """Change the scene's embeddings and return the render (B, 3, H, W) of what comes out."""

    def check(  # noqa: B027 - an operation may fit anything
        self, generator: Generator, specs: MutableMapping[str, EmbeddingSpec]
    ) -> None:
        """Refuse what the operation cannot work on, before any work.

        Args:
            generator: The generator.
            specs: What is known of each embedding; what the operation leaves is entered.

        Raises:
            ConfigError: The generator has no such layer or unit, or an embedding does not fit.
        """

    def frames(self, scene: Scene) -> Iterator[Tensor]:
        """Draw the pictures of a film or strip (B, 3, H, W), asked for before `apply`; or none."""
        yield from ()

    def masks(self) -> tuple[str, ...]:
        """Return the mask expressions that the operation reads."""
        return ()

    def embeddings(self) -> tuple[str, ...]:
        """Return the names of the embeddings that the operation reads or changes."""
        return ()
