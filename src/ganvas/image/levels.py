"""The numbers of a picture file as levels from 0 to 255, by one stated rule.

Eight and sixteen bits are taken as they are. Deeper integers and floating-point numbers do not say
which number is white, so the range that they lie in does:

- floating point in [0, 1]: 1 is white; integers that are all 0 or 1, as masks are often saved: too;
- otherwise in [0, 255]: 255 is white;
- otherwise in [0, 65535]: 65535 is white;
- anything else is refused: negative, not a number, or with a highest one above 1 and below 32, as
  maps of labels and floating-point pictures that overshoot have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    import numpy as np

WHITES = (255.0, 65535.0)
DARKEST = 32
"""A picture whose brightest level is below this one is drawn almost black."""


def is_deep(picture: Image.Image) -> bool:
    """Return True where a picture has one channel of more than eight bits."""
    return picture.mode.startswith("I") or picture.mode == "F"


def grey_levels(picture: Image.Image) -> NDArray[np.float64]:
    """Return the levels (H, W) in [0, 255] of a picture with one deep channel.

    Raises:
        ValueError: Its numbers lie in none of the ranges of the rule.
    """
    import numpy as np

    values = np.asarray(picture, dtype=np.float64)
    return values * (255 / _white(values, picture.mode))


def _white(values: NDArray[np.float64], mode: str) -> float:
    import numpy as np

    if mode.startswith("I;16"):
        return WHITES[-1]
    low, high = float(values.min(initial=0)), float(values.max(initial=0))
    if not np.isfinite(values).all():
        raise ValueError("it holds numbers that are not finite")
    if low >= 0:
        if high <= 1:
            return 1.0
        for white in WHITES if high >= DARKEST else ():
            if high <= white:
                return white
    raise ValueError(
        f"its numbers reach from {low:g} to {high:g}; scale them to [0, 1], [0, 255] or [0, 65535]"
    )
