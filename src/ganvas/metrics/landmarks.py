"""How far the parts of a face are from where they should be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ganvas.metrics.context import Context
from ganvas.metrics.metric import Direction
from ganvas.metrics.rendered import RenderedMetric

if TYPE_CHECKING:
    import torch
    from jaxtyping import Float
    from torch import Tensor


@dataclass(frozen=True)
class LandmarkError(RenderedMetric):
    """Mean distance of 106 points of the face, in per cent of the distance between the eyes."""

    direction: ClassVar[Direction] = "lower"
    unit: ClassVar[str] = "%"

    def load(self, device: torch.device) -> None:
        """Load the network that finds the points."""
        from ganvas.network.landmarks import landmark_network

        landmark_network(str(device))

    def measure(self, context: Context) -> Float[Tensor, " B"] | None:
        """Compare the points of the render with those of its photograph."""
        import torch

        from ganvas.network.landmarks import eye_distance, landmarks

        made = context.features(landmarks, self.render)
        wanted = context.features(landmarks, context.stands_for(self.render))
        if made is None or wanted is None:
            return None
        error: Tensor = torch.linalg.vector_norm(made - wanted, dim=-1).mean(1)
        return 100 * error / eye_distance(wanted)

    def compared(self, resolution: int) -> str:
        """State the points and the unit."""
        return "mean distance of 106 landmarks, of the distance between the eyes"
