"""A stage: variables, objective, optimiser and steps; one LightningModule for all of them."""

from ganvas.stage.activation import ActivationSite
from ganvas.stage.config import StageConfig
from ganvas.stage.extras import Exploration, Plateau
from ganvas.stage.lbfgs import LBFGS
from ganvas.stage.locality import Locality
from ganvas.stage.optimizer import Adam, Optimizer, Optimizers, Schedule
from ganvas.stage.scene import Scene
from ganvas.stage.sketch import Sketch

__all__ = [
    "LBFGS",
    "ActivationSite",
    "Adam",
    "Exploration",
    "Locality",
    "Optimizer",
    "Optimizers",
    "Plateau",
    "Scene",
    "Schedule",
    "Sketch",
    "StageConfig",
]
