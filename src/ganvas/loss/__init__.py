"""Losses (`loss=`): terms, the sets that name them, and the objective that sums them."""

from ganvas.loss.lpips import LPIPS
from ganvas.loss.objective import Block, LossSet, Objective, pair, pairs
from ganvas.loss.pixel import L1, MSE
from ganvas.loss.term import BoundTerm, Ramped, Reference, Term, View

__all__ = [
    "L1",
    "LPIPS",
    "MSE",
    "Block",
    "BoundTerm",
    "LossSet",
    "Objective",
    "Ramped",
    "Reference",
    "Term",
    "View",
    "pair",
    "pairs",
]
