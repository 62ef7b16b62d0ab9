"""What a stage is, as a recipe states it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from ganvas.errors import ConfigError
from ganvas.generator.delta import Compact
from ganvas.layers import Layers
from ganvas.loss import Block
from ganvas.stage.extras import Exploration, Plateau
from ganvas.stage.locality import Locality
from ganvas.stage.optimizer import Optimizer

Variable = Literal["latent", "noise", "weights"]


@dataclass(frozen=True)
class StageConfig:
    """One optimisation: variables, objective, optimiser, steps.

    The paper's blocks are settings of it. W_l: optimise the latent. Mk_n: optimise the noise.
    M_st: optimise the latent under the style terms. A sum of blocks is one stage whose objective
    has one entry for each. Tuning (PTI) optimises the weights for a latent that stays.

    Attributes:
        optimise: The optimiser per kind of variable: latent, noise, weights, or several.
        layers: Which rows and maps may change; the others stay bit-identical.
        objective: The blocks of the objective by name.
        steps: Number of steps; each is one forward and backward pass per image.
        embedding: Name of the embedding that is optimised; each starts where `start` says.
        exploration: Random steps of the latent that fade out; null: none.
        plateau: When an image stops before the end; null: never.
        normalise_noise: Give the noise maps zero mean and unit variance after every step.
        alternate: With several kinds of variables: move one kind per step, in turn.
        locality: What holds the weights near the generator's, away from the photograph; null: none.
        compact: How the change of the weights is stored.
    """

    optimise: dict[Variable, Optimizer]
    layers: Layers
    objective: dict[str, Block]
    steps: Annotated[int, Field(ge=0)]
    embedding: str = "x"
    alternate: bool = False
    exploration: Exploration | None = None
    plateau: Plateau | None = None
    normalise_noise: bool = False
    locality: Locality | None = None
    compact: Compact = field(default_factory=Compact)

    def __post_init__(self) -> None:
        if not self.optimise:
            raise ConfigError("a stage must optimise the latent, the noise, or the weights")
        if not self.objective:
            raise ConfigError("a stage needs at least one block in its objective")
        if self.exploration is not None and "latent" not in self.optimise:
            raise ConfigError("exploration moves the latent, which this stage does not optimise")
        if self.alternate and len(self.optimise) < 2:
            raise ConfigError("alternate needs both latent and noise under optimise")
        if self.locality is not None and "weights" not in self.optimise:
            raise ConfigError("locality holds the weights, which this stage does not optimise")
