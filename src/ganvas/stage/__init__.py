"""A stage: variables, objective, optimiser and steps; one LightningModule for all of them."""

from ganvas.stage.activation import ActivationSite
from ganvas.stage.cma import CMAES
from ganvas.stage.config import StageConfig
from ganvas.stage.draft import Draft
from ganvas.stage.early_stopping import EarlyStopping
from ganvas.stage.embedding_spec import EmbeddingSpec
from ganvas.stage.exploration import Exploration
from ganvas.stage.lbfgs import LBFGS
from ganvas.stage.locality import Locality
from ganvas.stage.optimizer import Adam, Descent, Optimizer, Optimizers, Schedule, Sensitivity
from ganvas.stage.random_search import RandomSearch
from ganvas.stage.scene import Scene

__all__ = [
    "CMAES",
    "LBFGS",
    "ActivationSite",
    "Adam",
    "Descent",
    "Draft",
    "EarlyStopping",
    "EmbeddingSpec",
    "Exploration",
    "Locality",
    "Optimizer",
    "Optimizers",
    "RandomSearch",
    "Scene",
    "Schedule",
    "Sensitivity",
    "StageConfig",
]
