"""Which activation a stage optimises: F space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ganvas.errors import ConfigError

if TYPE_CHECKING:
    from ganvas.embedding import Embedding
    from ganvas.generator.base import Generator


@dataclass(frozen=True)
class ActivationSite:
    """Which activation a stage optimises, and where.

    Attributes:
        layer: A resolution, for its last layer, or a layer's name.
        mask: A mask expression of the recipe: where the activation may change. Elsewhere it stays
            what the latent makes of it.
    """

    layer: int | str = 32
    mask: str = "1"


def edited_layer(embedding: Embedding) -> str | None:
    """Return the layer from which an embedding's edited activations are drawn, or None."""
    return None if embedding.resume is None else embedding.resume[0]


def require_site(layer: str, space: str, edited: str | None, generator: Generator) -> None:
    """Refuse a layer whose activation cannot be computed from a latent.

    Raises:
        ConfigError: The latent is in S space, or activations behind the layer are edited already.
    """
    if space == "s":
        raise ConfigError("optimising an activation needs start.space z, w or w+, not s")
    if edited is not None and generator.layer_index(edited) > generator.layer_index(layer):
        raise ConfigError(f"layer {layer} lies before {edited}, which is edited already")
