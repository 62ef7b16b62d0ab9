"""What is known of an embedding before any work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ganvas.embedding import Embedding, Space
from ganvas.errors import ConfigError

if TYPE_CHECKING:
    from ganvas.generator.base import Generator


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

    def require_activations(self, layer: str, generator: Generator) -> None:
        """Refuse an embedding whose activations from a layer on cannot be computed.

        Raises:
            ConfigError: The latent is in S space, or activations behind the layer are edited
                already.
        """
        if self.space == "s":
            raise ConfigError("what works on activations needs start.space z, w or w+, not s")
        edited = self.edited
        if edited is not None and generator.layer_index(edited) > generator.layer_index(layer):
            raise ConfigError(f"layer {layer} lies before {edited}, which is edited already")
