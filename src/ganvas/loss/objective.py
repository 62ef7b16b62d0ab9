"""The objective of a stage: a sum of blocks, each a set of terms with a mask and a target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from ganvas.errors import ConfigError
from ganvas.loss.term import BoundTerm, Reference, Term, View

if TYPE_CHECKING:
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
    """

    terms: dict[str, Term]
    target: str = "x"
    mask: str = "1"
    weight: float = 1.0
    hide: bool = False

    def __post_init__(self) -> None:
        if not self.terms:
            raise ConfigError(
                "a block needs at least one term; choose a loss= that has terms for it, or leave "
                "the block out"
            )

    @property
    def counts(self) -> bool:
        """Whether any of its terms has a weight other than 0."""
        return self.weight != 0 and any(term.weight != 0 for term in self.terms.values())

    def bind(self, term: Term, reference: Reference) -> BoundTerm:
        """Bind one of the terms to its reference, as far as it may be seen."""
        import torch

        if not self.hide or reference.mask is None:
            return term.bind(reference)
        seen = reference.mask > 0
        area = seen.sum((2, 3), keepdim=True).clamp_min(1)
        colour = (reference.target * seen).sum((2, 3), keepdim=True) / area
        bound = term.bind(replace(reference, target=torch.where(seen, reference.target, colour)))

        def hidden(view: View) -> Tensor:
            image = torch.where(seen, view.image, colour)
            return bound(View(image, view.w, view.noise, view.displacement))

        return hidden


@dataclass(frozen=True)
class Objective:
    """All terms of a stage, bound to one micro-batch of images."""

    parts: tuple[tuple[str, Callable[[float], float], BoundTerm], ...]

    @classmethod
    def bind(
        cls, blocks: Mapping[str, Block], references: Mapping[tuple[str, str], Reference]
    ) -> Objective:
        """Bind every term of `blocks` to its reference.

        Args:
            blocks: The blocks by name.
            references: One per (target, mask) pair that `pairs` names.
        """
        import torch

        single = len(blocks) == 1
        with torch.no_grad():
            parts = tuple(
                (
                    name if single else f"{block_name}/{name}",
                    partial(_weight, block, term),
                    block.bind(term, references[pair(block, term)]),
                )
                for block_name, block in blocks.items()
                for name, term in block.terms.items()
                if term.weight != 0 and block.weight != 0
            )
        return cls(parts)

    def __call__(self, view: View, progress: float) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the weighted sum (B,) and each term's weighted share (B,) by name."""
        import torch

        shares = {name: bound(view) * weight(progress) for name, weight, bound in self.parts}
        return torch.stack(list(shares.values())).sum(0), shares


def _weight(block: Block, term: Term, progress: float) -> float:
    return block.weight * term.weight_at(progress)


def pair(block: Block, term: Term) -> tuple[str, str]:
    """Return the (target, mask) that `term` sees inside `block`: its own, or else the block's."""
    return term.target or block.target, term.mask or block.mask


def pairs(blocks: Mapping[str, Block]) -> set[tuple[str, str]]:
    """Return every (target, mask) pair that the terms of `blocks` need."""
    return {pair(block, term) for block in blocks.values() for term in block.terms.values()}
