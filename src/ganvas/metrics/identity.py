"""Whose face it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from ganvas.metrics.context import Context
from ganvas.metrics.metric import Direction
from ganvas.metrics.rendered import RenderedMetric

if TYPE_CHECKING:
    import torch
    from jaxtyping import Float
    from torch import Tensor


@dataclass(frozen=True)
class Identity(RenderedMetric):
    """Cosine similarity of ArcFace features to a photograph's. Deng et al. 2019.

    Attributes:
        image: The photograph: x, y or z.
    """

    direction: ClassVar[Direction] = "higher"

    image: Literal["x", "y", "z"] = "x"

    def load(self, device: torch.device) -> None:
        """Load ArcFace."""
        from ganvas.network.arcface import arcface

        arcface(str(device))

    def measure(self, context: Context) -> Float[Tensor, " B"] | None:
        """Compare, where the photograph and the render exist."""
        from ganvas.network.arcface import identity_features

        wanted = context.features(identity_features, self.image)
        if wanted is None:
            return None
        made = context.features(identity_features, self.render)
        return None if made is None else (made * wanted).sum(1)

    def compared(self, resolution: int) -> str:
        """State network and photograph."""
        return f"cosine similarity of ArcFace features to image {self.image}"
