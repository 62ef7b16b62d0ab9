"""Start from the generator's mean latent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ganvas.embedding import Embedding, join_styles
from ganvas.start.base import Start, started

if TYPE_CHECKING:
    from torch import Tensor

    from ganvas.generator.base import Generator


@dataclass(frozen=True)
class WAvg(Start):
    """w = w_avg, the mean of 10,000 mapped samples, and n ~ N(0, 1) from the seed.

    Attributes:
        space: Latent space to optimise in: one w for all rows (w), one per row (w+), or the styles
            themselves (s).
    """

    space: Literal["w", "w+", "s"] = "w+"

    def begin(
        self,
        generator: Generator,
        names: tuple[str, ...],
        seed: int,
        photographs: Tensor | None = None,
    ) -> Embedding:
        """Return w_avg for every image."""
        latent = generator.w_avg.expand(len(names), -1).clone()
        if self.space != "w":
            latent = generator.broadcast(latent)
        if self.space == "s":
            latent = join_styles(generator.styles(latent))
        return started(generator, names, latent, self.space, seed)
