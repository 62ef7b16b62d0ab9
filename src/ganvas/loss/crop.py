"""A term on a part of the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ganvas.errors import ConfigError

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

Fraction = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True)
class Crop:
    """The part of the picture that a term sees; the default is the face in FFHQ's alignment.

    Attributes:
        left: Left edge, as a fraction of the width.
        top: Upper edge, as a fraction of the height.
        right: Right edge, as a fraction of the width.
        bottom: Lower edge, as a fraction of the height.

    Raises:
        ConfigError: Nothing lies between two edges.
    """

    left: Fraction = 3 / 16
    top: Fraction = 5 / 16
    right: Fraction = 13 / 16
    bottom: Fraction = 15 / 16

    def __post_init__(self) -> None:
        if self.left >= self.right or self.top >= self.bottom:
            raise ConfigError("crop: left must be below right, and top below bottom")

    def size(self, resolution: int) -> tuple[int, int]:
        """Return height and width in pixels of the part of a picture of `resolution` pixels."""
        height = round(self.bottom * resolution) - round(self.top * resolution)
        return height, round(self.right * resolution) - round(self.left * resolution)

    def cut(self, images: Float[Tensor, "B C H W"]) -> Float[Tensor, "B C h w"]:
        """Return the part (B, C, h, w) of images or masks (B, C, H, W)."""
        from ganvas.functional.images import crop

        return crop(images, self.left, self.top, self.right, self.bottom)
