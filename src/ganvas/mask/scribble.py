"""Where a photo was scribbled on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ganvas.mask.base import Canvas, Mask
from ganvas.mask.file import read_masks

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

Fraction = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True)
class Scribble(Mask):
    """M = 1 on the strokes: an overlay's alpha, or where the scribbled photo differs.

    Attributes:
        overlay: A picture whose alpha is the mask, of the cut photograph or, with its size, of the
            whole one (see `mask=file`); null: compare the two images.
        original: Name of the image without the strokes.
        scribbled: Name of the image with them.
        threshold: How far a channel must differ, as a fraction of the full range.
        grow: How far the strokes are widened, in heights of the image.
    """

    overlay: Path | None = None
    original: str = "x"
    scribbled: str = "y"
    threshold: Fraction = 0.1
    grow: Fraction = 0.01

    def draw(self, canvas: Canvas) -> Float[Tensor, "B 1 H W"]:
        """Return the strokes, (B, 1, H, W)."""
        from ganvas.functional.masks import dilate

        if self.overlay is not None:
            strokes = read_masks(self.overlay, "alpha", canvas)
        else:
            change = canvas.image(self.scribbled) - canvas.image(self.original)
            # The range [−1, 1] is 2 wide.
            strokes = (change.abs().amax(1, keepdim=True) > 2 * self.threshold).float()
            strokes = strokes.expand(canvas.batch, -1, -1, -1)
        return dilate(strokes, round(self.grow * canvas.size[0]))
