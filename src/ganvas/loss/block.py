"""Blocks: terms with a target and a mask, as a recipe states them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ganvas.errors import ConfigError
from ganvas.loss.term import BoundTerm, Reference, ScheduledWeight, Term, View

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor


@dataclass(frozen=True)
class LossSet:
    """Named terms for the kinds of stages; a recipe refers to them as ${loss.latent} and so on.

    Attributes:
        latent: Terms of W_l, which fits the latent to a photograph.
        noise: Terms of Mk_n, which fits the noise maps.
        style: Terms of M_st, which moves the latent towards a style.
    """

    latent: dict[str, Term]
    noise: dict[str, Term]
    style: dict[str, Term]


@dataclass(frozen=True)
class Block:
    """One building block of a stage's objective: W_l, Mk_n's two halves, or M_st.

    Attributes:
        terms: The terms by name.
        target: What to approach: an input image (x, y) or an earlier stage, whose render is frozen.
        mask: Where: "1" for everywhere, a mask of the edit by name, or "1 - name" for its opposite.
        weight: Factor of all its terms, such as the ratio of λ_mse2 to λ_mse1.
        hide: Let no term see the target where the mask is 0: there, render and target both show the
            mean colour of the rest. Without it, features near the edge of a hole see into it.
        around: An image whose colours the target takes on along the edge of the mask, so that it
            joins what is around it (Pérez et al. 2003); null: the target stays as it is.
        turns: Let terms take turns that say so. false: each takes part in every step, as a solver
            needs that compares them, such as L-BFGS.
    """

    terms: dict[str, Term]
    target: str = "x"
    mask: str = "1"
    weight: float = 1.0
    hide: bool = False
    around: str | None = None
    turns: bool = True

    def __post_init__(self) -> None:
        if not self.turns:
            together = {name: replace(t, every=1, first=0) for name, t in self.terms.items()}
            object.__setattr__(self, "terms", together)
        if not self.terms:
            raise ConfigError(
                "a block needs at least one term; choose a loss= that has terms for it, or leave "
                "the block out"
            )
        if self.around is not None and self.mask == "1":
            raise ConfigError("around: without a mask there is nothing around the target")

    @property
    def counting(self) -> dict[str, Term]:
        """The terms that add to the sum: those whose weight, with the block's, is not 0."""
        if self.weight == 0:
            return {}
        return {name: term for name, term in self.terms.items() if term.weight != 0}

    def unweighted(self) -> Block:
        """Return the block with 1 in the place of every constant weight but 0.

        Of blocks that are equal then, the same terms count, with other constant weights.
        """
        scheduled = any(isinstance(t.weight, ScheduledWeight) for t in self.terms.values())
        terms = {
            name: t if isinstance(t.weight, ScheduledWeight) else replace(t, weight=_unit(t.weight))
            for name, t in self.terms.items()
        }
        # A schedule is times the block's weight, which then is not constant either.
        return replace(self, weight=self.weight if scheduled else _unit(self.weight), terms=terms)

    def bind(self, term: Term, reference: Reference) -> BoundTerm:
        """Bind one of the terms to its reference, as far as it may be seen.

        Where all is to be hidden, or the term does not apply the mask, render and target show the
        mean colour of the rest wherever the mask is 0.
        """
        import torch

        if reference.mask is None or (term.applies_mask and not self.hide):
            return term.bind(reference)
        seen = reference.mask > 0
        area = seen.sum((2, 3), keepdim=True).clamp_min(1)
        colour = (reference.target * seen).sum((2, 3), keepdim=True) / area
        bound = term.bind(replace(reference, target=torch.where(seen, reference.target, colour)))

        def hidden(view: View) -> Float[Tensor, " B"]:
            image = torch.where(seen, view.image, colour)
            return bound(View(image, view.w, view.noise, view.displacement))

        return hidden


def pair(block: Block, term: Term) -> tuple[str, str]:
    """Return the (target, mask) that `term` sees inside `block`: its own, or else the block's."""
    return term.target or block.target, term.mask or block.mask


def pairs(blocks: Mapping[str, Block]) -> set[tuple[str, str]]:
    """Return every (picture, mask) pair that the terms of `blocks` refer to."""
    seen = set()
    for block in blocks.values():
        for term in block.terms.values():
            target, mask = pair(block, term)
            seen |= {(picture, mask) for picture in (target, block.around) if picture is not None}
    return seen


def _unit(weight: float) -> float:
    return float(weight != 0)
