"""Encoders: from a photograph to a latent in one pass, trained on what the generator draws."""

from ganvas.encoder.augmentation import Augmentation
from ganvas.encoder.data import Data
from ganvas.encoder.features import Features
from ganvas.encoder.linear import Linear

__all__ = ["Augmentation", "Data", "Features", "Linear"]
