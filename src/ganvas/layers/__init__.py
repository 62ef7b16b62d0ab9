"""Layer subsets (`layers=`): which rows, noise maps and activations may change."""

from ganvas.layers.bands import Band, Resolutions, Split
from ganvas.layers.every import All
from ganvas.layers.explicit import Explicit, Mixed
from ganvas.layers.inpainting import Inpainting
from ganvas.layers.subset import Layers, Subset, row_resolutions, selected

__all__ = [
    "All",
    "Band",
    "Explicit",
    "Inpainting",
    "Layers",
    "Mixed",
    "Resolutions",
    "Split",
    "Subset",
    "row_resolutions",
    "selected",
]
