"""Layer subsets (`layers=`): which rows, noise maps and activations may change."""

from ganvas.layers.every import All
from ganvas.layers.subset import Layers, Subset

__all__ = ["All", "Layers", "Subset"]
