"""Metrics of a render: the saved picture, or the latent alone."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

from ganvas.metrics.context import RESULT, Render
from ganvas.metrics.metric import Metric


@dataclass(frozen=True)
class RenderedMetric(Metric):
    """A measure of a picture that the generator has drawn.

    Attributes:
        render: "result" is the saved picture; "resampled" is drawn from the same latent with new
            noise maps, so that no noise hides a bad latent.
    """

    render: Render = "result"

    def about(self, resolution: int) -> str:
        """State what is compared, and of which render."""
        drawn = "" if self.render == RESULT else "; after drawing new noise maps"
        return f"{self.compared(resolution)}{drawn}"

    @abstractmethod
    def compared(self, resolution: int) -> str:
        """State range, resolution and network."""
