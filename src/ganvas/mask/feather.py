"""A mask with a soft edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ganvas.errors import InputError
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
        inward: Fade inside of M alone: outside of it, all stays 0.
    """

    of: Mask
    sigma: Annotated[float, Field(ge=0, le=0.5)] = 0.02
    inward: bool = False

    def draw(self, canvas: Canvas) -> Float[Tensor, "B 1 H W"]:
        """Return the blurred mask, (B, 1, H, W) in [0, 1].

        Raises:
            InputError: Fading inwards leaves nothing of an image's mask: it is too thin.
        """
        from ganvas.functional.blur import gaussian_blur
        from ganvas.functional.masks import fade_inward

        mask, sigma = canvas.draw(self.of), self.sigma * canvas.size[0]
        if not self.inward:
            return gaussian_blur(mask, sigma)
        soft = fade_inward(mask, sigma)
        vanished = (mask.amax((1, 2, 3)) > 0) & (soft.amax((1, 2, 3)) <= 0)
        if vanished.any():
            raise InputError(
                f"sigma={self.sigma}: the mask of image {int(vanished.int().argmax())} is too thin "
                "to fade inwards; a smaller sigma leaves more of it"
            )
        return soft
