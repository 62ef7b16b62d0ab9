"""What is known of an embedding before any work."""

from __future__ import annotations

from dataclasses import dataclass

from ganvas.embedding import Embedding, Space


@dataclass(frozen=True)
class EmbeddingSpec:
    """What a step of a recipe can rely on, so that a mistake is found before the steps before it.

    Attributes:
        space: The space of the latent.
        edited: The layer whose activations are replaced; None: none are.
    """

    space: Space
    edited: str | None = None

    @classmethod
    def of(cls, embedding: Embedding) -> EmbeddingSpec:
        """Return the specification of an embedding that there is."""
        return cls(embedding.space, None if embedding.resume is None else embedding.resume[0])
