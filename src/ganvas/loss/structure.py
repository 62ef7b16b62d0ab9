"""Terms on the structure of images: SSIM, MS-SSIM and total variation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from ganvas.functional.window import SMALLEST_MS_SSIM, WINDOW
from ganvas.loss.term import BoundTerm, Reference, Term, View

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor


@dataclass(frozen=True)
class SSIM(Term):
    """1 − SSIM, averaged over the mask. Wang et al. 2004.

    Attributes:
        resolution: Height and width at which images are compared; null: the generator's.
    """

    applies_mask: ClassVar[bool] = True
    needs_pixels: ClassVar[int] = WINDOW

    resolution: Annotated[int, Field(ge=16)] | None = 256

    def bind(self, reference: Reference) -> BoundTerm:
        """Resize target and mask once."""
        from ganvas.functional.ssim import ssim

        target = reference.target_at(self.resolution)
        mask = reference.mask_at(self.resolution)

        def loss(view: View) -> Float[Tensor, " B"]:
            return 1 - ssim(view.at(self.resolution), target, mask)

        return loss


@dataclass(frozen=True)
class MSSSIM(Term):
    """1 − MS-SSIM over five scales, averaged over the mask. Wang et al. 2003.

    Attributes:
        resolution: Height and width at which images are compared, at least 176; null: the
            generator's.
    """

    applies_mask: ClassVar[bool] = True
    needs_pixels: ClassVar[int] = SMALLEST_MS_SSIM

    resolution: Annotated[int, Field(ge=SMALLEST_MS_SSIM)] | None = 256

    def bind(self, reference: Reference) -> BoundTerm:
        """Resize target and mask once."""
        from ganvas.functional.ssim import ms_ssim

        target = reference.target_at(self.resolution)
        mask = reference.mask_at(self.resolution)

        def loss(view: View) -> Float[Tensor, " B"]:
            return 1 - ms_ssim(view.at(self.resolution), target, mask)

        return loss


@dataclass(frozen=True)
class TotalVariation(Term):
    """Mean |∂x| + |∂y| of the render under the mask; the target plays no part.

    Attributes:
        resolution: Height and width at which it is computed; null: the generator's.
    """

    applies_mask: ClassVar[bool] = True

    resolution: Annotated[int, Field(ge=4)] | None = None

    def bind(self, reference: Reference) -> BoundTerm:
        """Resize the mask once."""
        from ganvas.functional.priors import total_variation

        mask = reference.mask_at(self.resolution)

        def loss(view: View) -> Float[Tensor, " B"]:
            return total_variation(view.at(self.resolution), mask)

        return loss
