"""Photographs in (`image=`) and pictures out."""

from ganvas.image.images import Images
from ganvas.image.source import Source

__all__ = ["Images", "Source"]
