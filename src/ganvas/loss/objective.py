"""The objective of a stage: its blocks, bound to the images that are drawn together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from ganvas.errors import ConfigError, shape_of
from ganvas.loss.block import Block, pair
from ganvas.loss.term import BoundTerm, Reference, Term, View

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor


@dataclass(frozen=True)
class Part:
    """A term of a stage's objective, bound to one micro-batch of images.

    Attributes:
        name: What its share is called in the curve.
        term: The term.
        weight: Gives its weight, with the block's, when the stage is at a progress in [0, 1]: a
            number, or (B,) where images differ in it.
        bound: Gives its value (B,) for a view.
    """

    name: str
    term: Term
    weight: Callable[[float], float | Tensor]
    bound: BoundTerm

    def value(self, view: View) -> Float[Tensor, " B"]:
        """Return the value of the term, not weighted.

        Raises:
            ConfigError: The term, which may be somebody else's, does not give one for each image.
        """
        value, images = self.bound(view), len(view.image)
        if getattr(value, "shape", None) != (images,):
            raise ConfigError(
                f"the term {self.name} ({type(self.term).__name__}) gives {shape_of(value)}, not "
                f"({images},): one value for each image"
            )
        return value

    def times(self, step: int | None) -> int:
        """Return the factor that makes up for the steps in which the term takes no part."""
        return 1 if step is None else self.term.every


@dataclass(frozen=True)
class Objective:
    """All terms of a stage, bound to one micro-batch of images."""

    parts: tuple[Part, ...]

    @classmethod
    def bind(
        cls,
        blocks: Mapping[str, Block],
        references: Mapping[tuple[str, str], Reference],
        of_images: Sequence[Mapping[str, Block]] = (),
    ) -> Objective:
        """Bind every term of `blocks` to its reference.

        Args:
            blocks: The blocks by name.
            references: One per (target, mask) pair that `pairs` names.
            of_images: The blocks of each image, where images differ in constant weights.
        """
        import torch

        single = len(blocks) == 1
        each = of_images or (blocks,)
        with torch.no_grad():
            parts = tuple(
                Part(
                    name if single else f"{block_name}/{name}",
                    term,
                    _weights([b[block_name] for b in each], name, references[pair(block, term)]),
                    _bind(block, term, _reference(block, term, references)),
                )
                for block_name, block in blocks.items()
                for name, term in block.counting.items()
            )
        return cls(parts)

    def __call__(
        self, view: View, progress: float, step: int | None = None
    ) -> tuple[Float[Tensor, " B"], dict[str, Float[Tensor, " B"]]]:
        """Return the weighted sum (B,) and the weighted share (B,) of each term in it, by name.

        Args:
            view: What the terms see.
            progress: How far the stage is, in [0, 1].
            step: Which step it is: only the terms that are due take part. None: all do, with their
                plain weight.

        Raises:
            ConfigError: A term gives something else than one value per image.
        """
        import torch

        shares = {
            part.name: part.value(view) * (part.weight(progress) * part.times(step))
            for part in self.parts
            if step is None or part.term.is_due(step)
        }
        return torch.stack(list(shares.values())).sum(0), shares

    def due(self, step: int) -> tuple[str, ...]:
        """Return the names of the terms that take part in step `step`."""
        return tuple(part.name for part in self.parts if part.term.is_due(step))

    @property
    def names(self) -> list[str]:
        """The names of all shares."""
        return [part.name for part in self.parts]


def _reference(
    block: Block, term: Term, references: Mapping[tuple[str, str], Reference]
) -> Reference:
    """Return what a term of a block refers to, joined to what is around it."""
    target, mask = pair(block, term)
    reference = references[target, mask]
    if block.around is None or reference.mask is None:
        return reference
    from ganvas.functional.membrane import seamless

    around = references[block.around, mask].target
    return replace(reference, target=seamless(reference.target, around, reference.mask))


def _bind(block: Block, term: Term, reference: Reference) -> BoundTerm:
    """Bind a term of a block to its part of the picture."""
    if (crop := term.crop) is None:
        return block.bind(term, reference)
    mask = None if reference.mask is None else crop.cut(reference.mask)
    bound = block.bind(term, replace(reference, target=crop.cut(reference.target), mask=mask))
    return lambda view: bound(View(crop.cut(view.image), view.w, view.noise, view.displacement))


def _weights(
    blocks: Sequence[Block], name: str, reference: Reference
) -> Callable[[float], float | Tensor]:
    """Return what gives the weight of the term `name` in the block of each image."""
    # Where they are scheduled, images have the same.
    weights = [block.weight * block.terms[name].weight_at(0.5) for block in blocks]
    if len(set(weights)) == 1:
        return partial(_weight, blocks[0], blocks[0].terms[name])
    # Once, because a copy to a GPU in each step would wait for it.
    per_image = reference.target.new_tensor(weights)
    return lambda progress: per_image


def _weight(block: Block, term: Term, progress: float) -> float:
    return block.weight * term.weight_at(progress)
