"""Terms on pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ganvas.loss.term import BoundTerm, Pixels, Reference, Term, View

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class MSE(Term):
    """Mean squared error, ‖M ⊙ (G − x)‖² / N. Abdal et al. 2020, equation 1.

    Attributes:
        resolution: Height and width at which images are compared; null: the generator's.
        span: Width of the images' range that the weight belongs to: 2 for [−1, 1], 255 for 8 bits.
    """

    resolution: Pixels | None = None
    span: Annotated[float, Field(gt=0)] = 2.0

    def bind(self, reference: Reference) -> BoundTerm:
        """Resize target and mask once."""
        from ganvas.functional.quality import masked_mse

        target = reference.target_at(self.resolution)
        mask = reference.mask_at(self.resolution)

        scale = (self.span / 2) ** 2

        def mse(view: View) -> Tensor:
            return scale * masked_mse(view.at(self.resolution), target, mask)

        return mse


@dataclass(frozen=True)
class L1(Term):
    """Mean absolute error, |M ⊙ (G − x)| / N, on [−1, 1] images.

    Attributes:
        resolution: Height and width at which images are compared; null: the generator's.
    """

    resolution: Pixels | None = None

    def bind(self, reference: Reference) -> BoundTerm:
        """Resize target and mask once."""
        from ganvas.functional.quality import masked_l1

        target = reference.target_at(self.resolution)
        mask = reference.mask_at(self.resolution)

        def l1(view: View) -> Tensor:
            return masked_l1(view.at(self.resolution), target, mask)

        return l1
