"""Metrics of the latent itself."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ganvas.metrics.context import Context
from ganvas.metrics.metric import Direction, Metric

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from ganvas.generator.base import Generator


class LatentMetric(Metric):
    """A metric of the style rows of the embedding."""

    @abstractmethod
    def distance(
        self, w: Float[Tensor, "B rows w_dim"], generator: Generator
    ) -> Float[Tensor, " B"]:
        """Return a number per image (B,) for w+ (B, rows, w_dim)."""

    def measure(self, context: Context) -> Float[Tensor, " B"] | None:
        """Measure the embedding, if its space has style rows."""
        embedding = context.embedding
        if embedding is None or embedding.space == "s":
            return None
        return self.distance(embedding.rows(context.generator), context.generator)


@dataclass(frozen=True)
class WDistance(LatentMetric):
    """How far the latent is from the generator's mean latent."""

    def distance(
        self, w: Float[Tensor, "B rows w_dim"], generator: Generator
    ) -> Float[Tensor, " B"]:
        """‖w − w_avg‖₂ (B,), root mean square over the effective rows of w+ (B, rows, w_dim)."""
        rows = w[:, list(generator.effective_rows)] - generator.w_avg
        return rows.square().sum(2).mean(1).sqrt()

    def about(self, resolution: int) -> str:
        """State the norm."""
        return "‖w − w_avg‖₂, root mean square over the effective style rows"


@dataclass(frozen=True)
class PNDistance(LatentMetric):
    """How far the latent is from the generator's own, in the P_N space of Zhu et al. 2020."""

    direction: ClassVar[Direction] = "lower"

    def distance(
        self, w: Float[Tensor, "B rows w_dim"], generator: Generator
    ) -> Float[Tensor, " B"]:
        """Root mean square (B,) of w+ (B, rows, w_dim) in P_N space, over the effective rows.

        P_N space is W before the mapping network's last leaky ReLU, moved and turned so that
        samples of the generator have zero mean and unit covariance. Source: Zhu et al. 2020,
        *Improved StyleGAN Embedding*.
        """
        from ganvas.functional.priors import unrectified
        from ganvas.generator.whitening import latent_whitening

        rows = unrectified(w[:, list(generator.effective_rows)])
        return latent_whitening(generator, undo=True).distance(rows).mean(1).sqrt()

    def about(self, resolution: int) -> str:
        """State the space and its scale."""
        return (
            "root mean square of the latent in whitened, unrectified W, over the effective style "
            "rows; the generator's own latents have about 1"
        )
