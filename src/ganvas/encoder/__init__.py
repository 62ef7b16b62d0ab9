"""Encoders: from a photograph to a latent, trained on what the generator draws."""

from ganvas.encoder.augmentation import Augmentation
from ganvas.encoder.data import Data
from ganvas.encoder.features import Features
from ganvas.encoder.linear import Linear
from ganvas.encoder.maps import Maps
from ganvas.encoder.objective import Objective
from ganvas.encoder.option import Job, Trainable
from ganvas.encoder.residual import Residual, Variational
from ganvas.encoder.stream import Stream
from ganvas.encoder.widths import Widths

__all__ = [
    "Augmentation",
    "Data",
    "Features",
    "Job",
    "Linear",
    "Maps",
    "Objective",
    "Residual",
    "Stream",
    "Trainable",
    "Variational",
    "Widths",
]
