"""The best of many random latents, as an option of `optimizer=`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from ganvas.embedding import Space
from ganvas.errors import ConfigError
from ganvas.optimizer.base import Optimizer, Sensitivity
from ganvas.optimizer.candidates import require_latent, require_population

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class RandomSearch(Optimizer):
    """Every step draws new z ~ N(0, 1); the stage keeps the best. What every search has to beat.

    Attributes:
        population: Latents of a photograph that are drawn side by side: ${start.count}.
        seed: Seed of the draws; they are the same for every photograph.
    """

    compares_losses: ClassVar[bool] = True

    population: Annotated[int, Field(ge=1)] = 1
    seed: Annotated[int, Field(ge=0)] = 0

    @property
    def needs_gradient(self) -> bool:
        """It needs none."""
        return False

    def check(self, variable: str) -> None:
        """Refuse all but the latent."""
        require_latent(variable, "RandomSearch")

    def check_start(self, space: Space, images: int) -> None:
        """Refuse spaces whose distribution is not normal, and another number of starts."""
        if space != "z":
            raise ConfigError(f"RandomSearch draws z, so it needs start.space=z, not {space}")
        require_population(self.population, images)

    def build(
        self, parameters: Iterable[nn.Parameter], sensitivity: Sensitivity
    ) -> torch.optim.Optimizer:
        """Return the optimiser."""
        from ganvas.optimizer.population import RandomDraws
        from ganvas.system.eager import eager

        return eager(RandomDraws)(parameters, self.population, self.seed)
