"""Metrics of the latent itself."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ganvas.generator.base import Generator
from ganvas.metrics.context import Context
from ganvas.metrics.metric import Metric


@dataclass(frozen=True)
class WDistance(Metric):
    """How far the latent is from the generator's mean latent."""

    def measure(self, context: Context) -> Tensor | None:
        """Measure the embedding, if its space has style rows."""
        embedding = context.embedding
        if embedding is None or embedding.space == "s":
            return None
        return w_distance(embedding.rows(context.generator), context.generator)

    def about(self, resolution: int) -> str:
        """State the norm."""
        return "‖w − w_avg‖₂, root mean square over the effective style rows"


def w_distance(w: Tensor, generator: Generator) -> Tensor:
    """‖w − w_avg‖₂ (B,), root mean square over the effective rows of w+ (B, rows, w_dim)."""
    rows = w[:, list(generator.effective_rows)] - generator.w_avg
    return rows.square().sum(2).mean(1).sqrt()
