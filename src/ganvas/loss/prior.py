"""Terms on the latent and the noise maps; no image plays a part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from ganvas.loss.term import BoundTerm, Reference, Term, View

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from ganvas.generator.base import Generator


def _effective_rows(generator: Generator) -> Tensor:
    """Return the indices of the rows that change a picture; a list would be copied in each step."""
    import torch

    return torch.tensor(generator.effective_rows, device=generator.w_avg.device)


@dataclass(frozen=True)
class NoiseAutocorrelation(Term):
    """Keeps the noise maps free of the picture. Karras et al. 2020, appendix D.

    Attributes:
        smallest: Height and width down to which each map is halved.
    """

    applies_mask: ClassVar[bool] = True
    needs_noise: ClassVar[bool] = True

    smallest: Annotated[int, Field(ge=2)] = 8

    def bind(self, reference: Reference) -> BoundTerm:
        """Keep nothing: the maps alone have a say."""
        from ganvas.functional.priors import noise_autocorrelation

        def loss(view: View) -> Float[Tensor, " B"]:
            return noise_autocorrelation(view.noise, self.smallest)

        return loss


@dataclass(frozen=True)
class DistanceToMean(Term):
    """How far the style rows are from the generator's mean latent, averaged over rows.

    Attributes:
        metric: "plain" is ‖w − w_avg‖² / D. "covariance" is the squared Mahalanobis distance / D
            under the covariance of 10,000 samples of w; a sample has about 1. "p_norm" is the same
            after undoing the mapping network's last leaky ReLU (Zhu et al. 2020).
    """

    applies_mask: ClassVar[bool] = True
    needs_rows: ClassVar[bool] = True

    metric: Literal["plain", "covariance", "p_norm"] = "plain"

    def bind(self, reference: Reference) -> BoundTerm:
        """Fit the covariance once."""
        from ganvas.functional.priors import unrectified
        from ganvas.generator.whitening import latent_whitening

        generator = reference.generator
        rows = _effective_rows(generator)
        if self.metric == "plain":
            mean = generator.w_avg
            return lambda view: (view.w[:, rows] - mean).square().mean((1, 2))
        undo = self.metric == "p_norm"
        whitening = latent_whitening(generator, undo=undo)

        def loss(view: View) -> Float[Tensor, " B"]:
            w = view.w[:, rows]
            return whitening.distance(unrectified(w) if undo else w).mean(1)

        return loss


@dataclass(frozen=True)
class DistanceToStart(Term):
    """‖w − w_ini‖² / D from where the stage started, mean of all rows. Abdal et al. 2020, 5.3.

    Squared, because the plain norm has no gradient at the start itself.
    """

    applies_mask: ClassVar[bool] = True

    def bind(self, reference: Reference) -> BoundTerm:
        """Keep the start."""
        start = reference.start

        def loss(view: View) -> Float[Tensor, " B"]:
            return (view.w - start).square().mean((1, 2))

        return loss


@dataclass(frozen=True)
class ActivationDistance(Term):
    """‖F − F₀‖² / ‖F₀‖² of an optimised activation from its start. Zhu et al. 2021, section 3.3."""

    applies_mask: ClassVar[bool] = True
    needs_activation: ClassVar[bool] = True

    def bind(self, reference: Reference) -> BoundTerm:
        """Keep nothing: the displacement counts from the start."""

        def loss(view: View) -> Float[Tensor, " B"]:
            assert view.displacement is not None
            return view.displacement.square().mean((1, 2, 3))

        return loss


@dataclass(frozen=True)
class RowSpread(Term):
    """Variance of the style rows around their mean: how far w+ has left w. Tov et al. 2021."""

    applies_mask: ClassVar[bool] = True
    needs_rows: ClassVar[bool] = True

    def bind(self, reference: Reference) -> BoundTerm:
        """Find the rows that have an effect."""
        rows = _effective_rows(reference.generator)

        def loss(view: View) -> Float[Tensor, " B"]:
            w = view.w[:, rows]
            return (w - w.mean(1, keepdim=True)).square().mean((1, 2))

        return loss
