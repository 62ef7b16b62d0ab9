"""Losses (`loss=`): terms, the sets that name them, and the objective that sums them."""

from ganvas.loss.block import Block, LossSet, pair, pairs
from ganvas.loss.crop import Crop
from ganvas.loss.identity import Identity
from ganvas.loss.lpips import LPIPS
from ganvas.loss.objective import Objective
from ganvas.loss.perceptual import Perceptual, Style
from ganvas.loss.pixel import L1, MSE, PixelTerm
from ganvas.loss.prior import (
    ActivationDistance,
    DistanceToMean,
    DistanceToStart,
    NoiseAutocorrelation,
    RowSpread,
)
from ganvas.loss.structure import MSSSIM, SSIM, TotalVariation
from ganvas.loss.term import BoundTerm, Reference, ScheduledWeight, Term, View

__all__ = [
    "L1",
    "LPIPS",
    "MSE",
    "MSSSIM",
    "SSIM",
    "ActivationDistance",
    "Block",
    "BoundTerm",
    "Crop",
    "DistanceToMean",
    "DistanceToStart",
    "Identity",
    "LossSet",
    "NoiseAutocorrelation",
    "Objective",
    "Perceptual",
    "PixelTerm",
    "Reference",
    "RowSpread",
    "ScheduledWeight",
    "Style",
    "Term",
    "TotalVariation",
    "View",
    "pair",
    "pairs",
]
