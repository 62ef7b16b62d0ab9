"""Whose face it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from ganvas.metrics.context import RESULT, Context, Render
from ganvas.metrics.metric import Direction, Metric


@dataclass(frozen=True)
class Identity(Metric):
    """Cosine similarity of ArcFace features to a photograph's. Deng et al. 2019.

    Attributes:
        image: The photograph: x, y or z.
        render: "result" is the saved picture; "resampled" is drawn from the same latent with new
            noise maps.
    """

    direction: ClassVar[Direction] = "higher"

    image: Literal["x", "y", "z"] = "x"
    render: Render = "result"

    def load(self, device: torch.device) -> None:
        """Load ArcFace."""
        from ganvas.network.arcface import arcface

        arcface(str(device))

    def measure(self, context: Context) -> Tensor | None:
        """Compare, where the photograph and the render exist."""
        from ganvas.network.arcface import identity_features

        wanted = context.features(identity_features, self.image)
        if wanted is None:
            return None
        made = context.features(identity_features, self.render)
        return None if made is None else (made * wanted).sum(1)

    def about(self, resolution: int) -> str:
        """State network and photograph."""
        drawn = "" if self.render == RESULT else "; after drawing new noise maps"
        return f"cosine similarity of ArcFace features to image {self.image}{drawn}"
