"""A stage: variables, objective, optimiser and steps; one LightningModule for all of them."""

from ganvas.stage.activation import ActivationSite
from ganvas.stage.config import StageConfig
from ganvas.stage.draft import Draft
from ganvas.stage.early_stopping import EarlyStopping
from ganvas.stage.embedding_spec import EmbeddingSpec
from ganvas.stage.exploration import Exploration
from ganvas.stage.locality import Locality
from ganvas.stage.scene import Scene

__all__ = [
    "ActivationSite",
    "Draft",
    "EarlyStopping",
    "EmbeddingSpec",
    "Exploration",
    "Locality",
    "Scene",
    "StageConfig",
]
