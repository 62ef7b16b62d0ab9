"""CMA-ES, alone or with gradient steps inside, as an option of `optimizer=`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from ganvas.embedding import Space
from ganvas.errors import ConfigError
from ganvas.optimizer.base import Optimizer, Sensitivity
from ganvas.optimizer.candidates import require_latent, require_population
from ganvas.optimizer.descent import Descent
from ganvas.system.imports import stand_ins

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class CMAES(Optimizer):
    """Covariance matrix adaptation: draw a population, move its distribution to the better half.

    The starts of a photograph are the first population, and the best of them is the first mean.
    Source: Hansen 2016, *The CMA Evolution Strategy: A Tutorial*; its package `cma`. With gradient
    steps it is BasinCMA: a sample is judged by where a few steps of descent take it (Wampler and
    Popović 2009; for latents Huh et al. 2020, *Transforming and Projecting Images into
    Class-conditional Generative Networks*).

    Attributes:
        population: Samples of a photograph, drawn side by side: ${start.count}.
        sigma: Standard deviation of the first samples, in units of the latent.
        covariance: "full", for a few hundred numbers, or its "diagonal", for any (Ros and Hansen
            2008).
        gradient: What descends from each sample; null: nothing.
        gradient_steps: How many steps it descends before the sample is judged.
        seed: Seed of the samples; each photograph has its own stream of them, all with this seed.
    """

    compares_losses: ClassVar[bool] = True

    population: Annotated[int, Field(ge=3)]
    sigma: Annotated[float, Field(gt=0)] = 0.5
    covariance: Literal["full", "diagonal"] = "diagonal"
    gradient: Descent | None = None
    gradient_steps: Annotated[int, Field(ge=0)] = 0
    seed: Annotated[int, Field(ge=0)] = 0

    def __post_init__(self) -> None:
        if (self.gradient is None) != (self.gradient_steps == 0):
            raise ConfigError("gradient and gradient_steps go together: give both or neither")

    @property
    def needs_gradient(self) -> bool:
        """Whether samples descend before they are judged."""
        return self.gradient is not None

    def check(self, variable: str) -> None:
        """Refuse all but the latent, and a missing package."""
        require_latent(variable, "CMAES")
        if find_spec("cma") is None:
            raise ConfigError("CMA-ES needs the package cma: pip install 'ganvas[search]'")

    def check_start(self, space: Space, images: int) -> None:
        """Refuse another number of starts."""
        require_population(self.population, images)

    def build(
        self, parameters: Iterable[nn.Parameter], sensitivity: Sensitivity
    ) -> torch.optim.Optimizer:
        """Return the optimiser."""
        from ganvas.optimizer.population import Evolution
        from ganvas.system.eager import eager

        parameters = list(parameters)
        if self.gradient is None:
            return eager(Evolution)(parameters, self.population, self.strategy)
        steps = self.gradient_steps
        rates = [self.gradient.rate(step, steps) for step in range(steps)]
        inner = self.gradient.build(parameters, sensitivity)
        return eager(Evolution)(parameters, self.population, self.strategy, inner, rates)

    def strategy(self, mean: np.ndarray) -> Any:
        """Return the package's evolution strategy around a mean (D,), with its own random numbers.

        It neither prints nor writes files, and ends only with the stage.
        """
        import numpy as np

        rng = np.random.default_rng(self.seed)
        options = {
            "popsize": self.population,
            "CMA_diagonal": self.covariance == "diagonal",
            "randn": lambda *shape: rng.standard_normal(shape),
            # Not a number: the package leaves NumPy's shared generator alone.
            "seed": np.nan,
            "verbose": -9,
        }
        return _package().CMAEvolutionStrategy(mean, self.sigma, options)


def _package() -> ModuleType:
    """Import `cma` without what it needs for its plots and its models of the loss alone."""
    with stand_ins(
        {
            "scipy": {},
            "scipy.stats": {"kendalltau": None},
            "matplotlib": {"pyplot": None},
        }
    ):
        return import_module("cma")
