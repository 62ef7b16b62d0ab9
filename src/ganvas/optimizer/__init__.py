"""Optimisers (`optimizer=`): what moves latent, noise, an activation or weights."""

from ganvas.optimizer.adam import Adam
from ganvas.optimizer.base import Optimizer, Sensitivity
from ganvas.optimizer.cma import CMAES
from ganvas.optimizer.descent import Descent, Schedule
from ganvas.optimizer.lbfgs import LBFGS
from ganvas.optimizer.optimizers import Optimizers
from ganvas.optimizer.random_search import RandomSearch

__all__ = [
    "CMAES",
    "LBFGS",
    "Adam",
    "Descent",
    "Optimizer",
    "Optimizers",
    "RandomSearch",
    "Schedule",
    "Sensitivity",
]
