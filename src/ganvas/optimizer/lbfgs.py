"""L-BFGS as an option of `optimizer=`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from ganvas.errors import ConfigError
from ganvas.optimizer.base import Sensitivity
from ganvas.optimizer.descent import Descent, Positive

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class LBFGS(Descent):
    """L-BFGS, one per image, one step without line search per step of the stage.

    Source: Liu and Nocedal 1989; the choice of Zhu et al. 2016 for latent optimisation.

    Attributes:
        history: How many earlier steps the curvature is estimated from.
        scaling: "sensitivity", for noise: the curvature is estimated in coordinates in which every
            scalar of every map moves the image alike, as measured at the start of the stage.
        probes: Passes back that measure the sensitivity, of random signs each.
        first: With that scaling, how much the first step moves the image, rms in [−1, 1]; it is
            short, because it only tells the curvature.
    """

    history: Annotated[int, Field(ge=1)] = 10
    scaling: Literal["none", "sensitivity"] = "none"
    probes: Annotated[int, Field(ge=1)] = 4
    first: Positive = 0.02

    def check(self, variable: str) -> None:
        """Refuse the sensitivity of what is no noise map."""
        if self.scaling == "sensitivity" and variable != "noise":
            raise ConfigError(
                f"optimizer.{variable}.scaling=sensitivity: the sensitivity is that of noise maps"
            )

    def build(
        self, parameters: Iterable[nn.Parameter], sensitivity: Sensitivity
    ) -> torch.optim.Optimizer:
        """Return the optimiser; `lr` is the fraction of a Newton step."""
        from ganvas.optimizer.batch_lbfgs import BatchLBFGS
        from ganvas.system.eager import eager

        squares = None
        if self.scaling == "sensitivity":
            squares = partial(sensitivity.squares, self.probes)
        return eager(BatchLBFGS)(parameters, self.lr, self.history, squares, self.first)
