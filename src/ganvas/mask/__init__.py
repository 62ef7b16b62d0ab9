"""Spatial masks (`mask=`): one option per file."""

from ganvas.mask.base import Canvas, Mask, require_content
from ganvas.mask.box import Box
from ganvas.mask.combine import Difference, Each, Intersection, Invert, Union
from ganvas.mask.ellipse import Ellipse
from ganvas.mask.face import Face
from ganvas.mask.feather import Feather
from ganvas.mask.file import File
from ganvas.mask.full import Full
from ganvas.mask.half import Half
from ganvas.mask.missing import Missing
from ganvas.mask.paint import Paint, Stroke
from ganvas.mask.polygon import Polygon
from ganvas.mask.scribble import Scribble

__all__ = [
    "Box",
    "Canvas",
    "Difference",
    "Each",
    "Ellipse",
    "Face",
    "Feather",
    "File",
    "Full",
    "Half",
    "Intersection",
    "Invert",
    "Mask",
    "Missing",
    "Paint",
    "Polygon",
    "Scribble",
    "Stroke",
    "Union",
    "require_content",
]
