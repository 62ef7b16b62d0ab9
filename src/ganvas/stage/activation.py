"""Which activation a stage optimises: F space."""

from __future__ import annotations

from dataclasses import dataclass


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
