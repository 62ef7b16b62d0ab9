"""Which images of a crop are as good as itself."""

from __future__ import annotations

from typing import Literal

Symmetry = Literal["none", "mirror", "transpose", "square"]
"""Which images of a crop are as good as itself: none, its mirror image, that with rows and columns
exchanged (which leaves light from the upper left where it is), or all eight of a square."""

TURNS: dict[Symmetry, tuple[bool, bool, bool]] = {
    "none": (False, False, False),
    "mirror": (True, False, False),
    "transpose": (False, False, True),
    "square": (True, True, True),
}
"""Whether columns are reversed, rows are reversed, and the two exchanged."""
