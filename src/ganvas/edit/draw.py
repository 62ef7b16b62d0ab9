"""An operation that changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ganvas.edit.operation import Operation
from ganvas.stage import Scene

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor


@dataclass(frozen=True)
class Draw(Operation):
    """Draw an embedding as it is: what the start, or the step before, has made of it.

    Attributes:
        embedding: The image whose embedding is drawn.
    """

    embedding: str = "x"

    def embeddings(self) -> tuple[str, ...]:
        """Return the image."""
        return (self.embedding,)

    def apply(self, scene: Scene) -> Float[Tensor, "B 3 H W"]:
        """Draw it."""
        return scene.embedding(self.embedding).render(scene.generator)
