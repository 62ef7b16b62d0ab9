"""L-BFGS as an option of `optimizer=`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ganvas.stage.optimizer import Descent, Gains

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class LBFGS(Descent):
    """L-BFGS, one per image, one step without line search per step of the stage.

    Source: Liu and Nocedal 1989; the choice of Zhu et al. 2016 for latent optimisation.

    Attributes:
        history: How many earlier steps the curvature is estimated from.
    """

    history: Annotated[int, Field(ge=1)] = 10

    def build(self, parameters: Iterable[nn.Parameter], gains: Gains) -> torch.optim.Optimizer:
        """Return the optimiser; `lr` is the fraction of a Newton step."""
        from ganvas.stage.batch_lbfgs import BatchLBFGS
        from ganvas.stage.eager import eager

        return eager(BatchLBFGS)(parameters, self.lr, self.history)
