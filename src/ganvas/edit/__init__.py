"""Edits (`edit=`): recipes over stages and operations, and what one needs to write another."""

from ganvas.edit.activation import EditActivations, mixed
from ganvas.edit.change import Average, Change, Copy, margin_of
from ganvas.edit.channels import Ablate, CopyChannels, Insert, require_units, unit_quantiles
from ganvas.edit.draw import Draw
from ganvas.edit.latent import (
    Direction,
    LatentOperation,
    Morph,
    StyleMix,
    in_rows,
    require_rows,
    rows_in,
    with_rows,
)
from ganvas.edit.noise import RenewNoise
from ganvas.edit.operation import Operation
from ganvas.edit.paint import ConceptStroke, PaintUnits
from ganvas.edit.permute import PermuteChannels, PermutePositions
from ganvas.edit.preview import StrokePreview
from ganvas.edit.recipe import Recipe, Regions
from ganvas.edit.repair import RepairUnits

__all__ = [
    "Ablate",
    "Average",
    "Change",
    "ConceptStroke",
    "Copy",
    "CopyChannels",
    "Direction",
    "Draw",
    "EditActivations",
    "Insert",
    "LatentOperation",
    "Morph",
    "Operation",
    "PaintUnits",
    "PermuteChannels",
    "PermutePositions",
    "Recipe",
    "Regions",
    "RenewNoise",
    "RepairUnits",
    "StrokePreview",
    "StyleMix",
    "in_rows",
    "margin_of",
    "mixed",
    "require_rows",
    "require_units",
    "rows_in",
    "unit_quantiles",
    "with_rows",
]
