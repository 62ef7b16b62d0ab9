"""An edit: a recipe of named stages and operations."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ganvas.edit.operation import Operation
from ganvas.embedding import Embedding
from ganvas.errors import ConfigError, about, nearest
from ganvas.loss import pairs
from ganvas.mask import Canvas, Mask, require_content
from ganvas.optimizer import Optimizer
from ganvas.stage import EmbeddingSpec, StageConfig
from ganvas.stage.config import Variable

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from ganvas.generator.base import Generator

INPUTS = ("x", "y", "z")
"""The names that images of an experiment can have."""

RESERVED = (*INPUTS, "target", "mask", "result", "progress", "pasted", "difference")
"""Names of a run's pictures, which a stage would take the place of."""


@dataclass(frozen=True)
class Regions:
    """What an edit's result is compared with, inside its mask and outside.

    Attributes:
        inside: Name of the image that the result should resemble where the mask is 1.
        outside: Name of the image that it should resemble where the mask is 0.
        mask: Name of the mask.
    """

    inside: str = "x"
    outside: str = "x"
    mask: str = "m"


@dataclass(frozen=True)
class Recipe:
    """Named stages and operations, in the order in which they run.

    Attributes:
        stages: The steps by name; a step may refer to the names before it.
        masks: The masks that the steps refer to, by name.
        images: Which input images the recipe needs.
        partial: Masks that must leave something in and something out, or the edit would be void.
        regions: What the result is compared with inside and outside of a mask; null: no mask.
    """

    stages: dict[str, StageConfig | Operation]
    masks: dict[str, Mask] = field(default_factory=dict)
    images: tuple[str, ...] = ("x",)
    partial: tuple[str, ...] = ()
    regions: Regions | None = None

    def __post_init__(self) -> None:
        if not self.stages:
            raise ConfigError("a recipe needs at least one stage")
        earlier: list[str] = []
        for name, step in self.stages.items():
            if name in RESERVED or name.startswith(("mask_", "input_")):
                raise ConfigError(
                    f"stages.{name}: a run has a picture of this name; choose another"
                )
            for embedding in step.embeddings():
                self._require_image(name, embedding)
            for target, mask in pairs(step.objective) if isinstance(step, StageConfig) else ():
                self._require_image(name, target, earlier)
                self._require_mask(name, mask)
            for mask in step.masks():
                self._require_mask(name, mask)
            earlier.append(name)
        for name in self.partial:
            _require("partial: no mask", name, self.masks)
        if self.regions is not None:
            _require("regions: no mask", self.regions.mask, self.masks)
            _require("regions: no image", self.regions.inside, self.images)
            _require("regions: no image", self.regions.outside, self.images)

    def _require_image(self, stage: str, name: str, earlier: Collection[str] = ()) -> None:
        known = [*self.images, *earlier]
        if name in INPUTS and name not in known:
            images = ",".join([*self.images, name])
            raise ConfigError(
                f"stages.{stage}: this edit has no image '{name}'; give edit.images=[{images}]"
            )
        noun = "image or earlier stage" if earlier else "image"
        _require(f"stages.{stage}: no {noun}", name, known)

    def _require_mask(self, stage: str, expression: str) -> None:
        if expression != "1":
            name = expression.removeprefix("1 - ")
            _require(f"stages.{stage}: no mask", name, self.masks)

    def embeddings(self) -> tuple[str, ...]:
        """Return the names of the images that are embedded, x first."""
        named = ["x"]
        for step in self.stages.values():
            named += step.embeddings()
        return tuple(dict.fromkeys(named))

    @property
    def hides(self) -> bool:
        """Whether some of a photograph is hidden from a stage."""
        steps = [step for step in self.stages.values() if isinstance(step, StageConfig)]
        return any(block.hide for step in steps for block in step.objective.values())

    @property
    def steps(self) -> int:
        """Optimisation steps of all stages together."""
        return sum(s.steps for s in self.stages.values() if isinstance(s, StageConfig))

    def check_images(self, present: Collection[str]) -> None:
        """Refuse an experiment that lacks an image.

        Raises:
            ConfigError: The recipe needs an image that is not among `present`.
        """
        for name in self.images:
            if name not in present:
                needed = " and ".join(self.images)
                option = "trio" if "z" in self.images else "pair"
                raise ConfigError(
                    f"this edit needs images {needed}; give image.{name}, such as "
                    f"image.{name}.path=FILE or image={option}"
                )

    def check(
        self, generator: Generator, starts: Mapping[str, Embedding], device: torch.device
    ) -> None:
        """Try every stage's layers, operations and networks before any work.

        Args:
            generator: The generator.
            starts: What each of the embeddings starts from.
            device: Where networks are loaded.

        Raises:
            ConfigError: A step does not fit the generator, the number of images, or what the start
                or the steps before it leave.
            AssetError: A network that a term needs cannot be had.
        """
        specs = {name: EmbeddingSpec.of(start) for name, start in starts.items()}
        for name, step in self.stages.items():
            with about(f"stages.{name}"):
                if isinstance(step, Operation):
                    step.check(generator, specs)
                else:
                    if step.start_from is not None and step.steps:
                        specs[step.embedding] = specs[step.start_from]
                    step.check(generator, specs[step.embedding], len(starts[step.embedding]))
                    specs[step.embedding] = step.leaves(generator, specs[step.embedding])
            if isinstance(step, StageConfig):
                for term in step.terms():
                    term.load(device)

    def fitted_to(self, generator: Generator) -> tuple[Recipe, tuple[str, ...]]:
        """Return the recipe without what a generator that has no noise maps cannot do, and notices.

        Stages that optimise the noise alone are left out; others go on without it, and without the
        terms on it.

        Raises:
            ConfigError: Nothing is left, or a step refers to a stage that is left out.
        """
        noisy = {
            name: step
            for name, step in self.stages.items()
            if isinstance(step, StageConfig) and "noise" in step.optimise
        }
        if generator.noise_resolutions or not noisy:
            return self, ()
        why = f"{generator.name} has no noise maps"
        with about(why):
            kept = {name: _without_noise(step) for name, step in self.stages.items()}
            stages = {name: step for name, step in kept.items() if step is not None}
            if not any(isinstance(step, StageConfig) for step in stages.values()):
                raise ConfigError("this edit optimises nothing else")
            recipe = replace(self, stages=stages)
        return recipe, tuple(
            f"{why}: stage {name} " + ("goes on without them" if name in stages else "is skipped")
            for name in noisy
        )

    def draw_masks(self, canvas: Canvas) -> dict[str, Tensor]:
        """Draw all masks of the recipe, (B, 1, H, W) each, and check them before any work.

        Raises:
            InputError: A mask is empty for an image, or covers all where that makes the edit void.
        """
        drawn = {name: canvas.draw(mask) for name, mask in self.masks.items()}
        for name, mask in drawn.items():
            require_content(f"edit.masks.{name}", mask, partial=name in self.partial)
        return drawn


def _without_noise(step: StageConfig | Operation) -> StageConfig | Operation | None:
    if isinstance(step, Operation) or "noise" not in step.optimise:
        return step
    others: dict[Variable, Optimizer] = {
        variable: optimizer for variable, optimizer in step.optimise.items() if variable != "noise"
    }
    if not others:
        return None
    blocks = {
        name: replace(block, terms=terms)
        for name, block in step.objective.items()
        if (terms := {key: term for key, term in block.terms.items() if not term.needs_noise})
    }
    alternate = step.alternate and len(others) > 1
    return replace(step, optimise=others, objective=blocks, alternate=alternate)


def _require(subject: str, name: str, known: Collection[str]) -> None:
    if name not in known:
        raise ConfigError(f"{subject} '{name}'{nearest(name, known)}")
