"""Edits (`edit=`): recipes over stages and operations."""

from ganvas.edit.activation import EditActivations
from ganvas.edit.change import (
    Ablate,
    Average,
    Change,
    Copy,
    CopyChannels,
    Insert,
    PermuteChannels,
    PermutePositions,
)
from ganvas.edit.latent import Direction, Morph, StyleMix
from ganvas.edit.operation import Operation
from ganvas.edit.recipe import Recipe, Regions

__all__ = [
    "Ablate",
    "Average",
    "Change",
    "Copy",
    "CopyChannels",
    "Direction",
    "EditActivations",
    "Insert",
    "Morph",
    "Operation",
    "PermuteChannels",
    "PermutePositions",
    "Recipe",
    "Regions",
    "StyleMix",
]
