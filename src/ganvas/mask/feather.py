"""A mask with a soft edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ganvas.mask.base import Canvas, Mask

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor


@dataclass(frozen=True)
class Feather(Mask):
    """M blurred with a Gaussian: the paper's M_b and M_blur.

    Attributes:
        of: The mask to blur.
        sigma: Standard deviation of the Gaussian, in heights of the image; 0 leaves the mask.
    """

    of: Mask
    sigma: Annotated[float, Field(ge=0, le=0.5)] = 0.02

    def draw(self, canvas: Canvas) -> Float[Tensor, "B 1 H W"]:
        """Return the blurred mask, (B, 1, H, W) in [0, 1]."""
        from ganvas.functional.masks import gaussian_blur

        return gaussian_blur(canvas.draw(self.of), self.sigma * canvas.size[0])
