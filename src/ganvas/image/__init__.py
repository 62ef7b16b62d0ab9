"""Photographs in (`image=`) and pictures out."""

from ganvas.image.images import Images, repeated
from ganvas.image.source import Source

__all__ = ["Images", "Source", "repeated"]
