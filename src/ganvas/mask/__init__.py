"""Spatial masks (`mask=`): one option per file."""

from ganvas.mask.base import Canvas, Mask
from ganvas.mask.box import Box
from ganvas.mask.full import Full

__all__ = ["Box", "Canvas", "Full", "Mask"]
