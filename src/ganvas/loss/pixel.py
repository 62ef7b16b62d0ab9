"""Terms on pixels."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from ganvas.loss.term import BoundTerm, Pixels, Reference, Term, View

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor


@dataclass(frozen=True)
class PixelTerm(Term):
    """The mean of a function of each scalar's difference, Σ f(M ⊙ (G − x)) / N.

    A term of your own writes `penalty`, which is f; size, mask and mean are written here.

    Attributes:
        resolution: Height and width at which images are compared; null: the generator's.
    """

    applies_mask: ClassVar[bool] = True

    resolution: Pixels | None = None

    @abstractmethod
    def penalty(self, difference: Float[Tensor, " *shape"]) -> Float[Tensor, " *shape"]:
        """Return f of each scalar of the masked difference (B, 3, H, W), in the same shape."""

    def bind(self, reference: Reference) -> BoundTerm:
        """Resize target and mask once."""
        target = reference.target_at(self.resolution)
        mask = reference.mask_at(self.resolution)

        def mean(view: View) -> Float[Tensor, " B"]:
            difference = view.at(self.resolution) - target
            if mask is not None:
                difference = difference * mask
            return self.penalty(difference).flatten(1).mean(1)

        return mean


@dataclass(frozen=True)
class MSE(PixelTerm):
    """Mean squared error, ‖M ⊙ (G − x)‖² / N. Abdal et al. 2020, equation 1.

    Attributes:
        span: Width of the images' range that the weight belongs to: 2 for [−1, 1], 255 for 8 bits.
    """

    span: Annotated[float, Field(gt=0)] = 2.0

    def penalty(self, difference: Float[Tensor, " *shape"]) -> Float[Tensor, " *shape"]:
        """Return the square, in the units of `span`."""
        return (self.span / 2) ** 2 * difference.square()


@dataclass(frozen=True)
class L1(PixelTerm):
    """Mean absolute error, |M ⊙ (G − x)| / N, on [−1, 1] images."""

    def penalty(self, difference: Float[Tensor, " *shape"]) -> Float[Tensor, " *shape"]:
        """Return the absolute value."""
        return difference.abs()
