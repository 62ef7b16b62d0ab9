"""What a stage is, as a recipe states it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from ganvas.errors import ConfigError, about
from ganvas.generator.delta import Compact
from ganvas.layers import Layers, selected
from ganvas.loss import Block, ScheduledWeight, Term
from ganvas.optimizer import Optimizer
from ganvas.stage.activation import ActivationSite
from ganvas.stage.draft import Draft
from ganvas.stage.early_stopping import EarlyStopping
from ganvas.stage.embedding_spec import EmbeddingSpec
from ganvas.stage.exploration import Exploration
from ganvas.stage.locality import Locality

if TYPE_CHECKING:
    from ganvas.generator.base import Generator

Variable = Literal["latent", "noise", "activation", "weights"]


@dataclass(frozen=True)
class StageConfig:
    """One optimisation: variables, objective, optimiser, steps.

    The paper's blocks are settings of it. W_l: optimise the latent. Mk_n: optimise the noise.
    M_st: optimise the latent under the style terms. A sum of blocks is one stage whose objective
    has one entry for each. F/W+: optimise an activation and the latent behind it. Tuning (PTI)
    optimises the weights for a latent that stays.

    Attributes:
        optimise: The optimiser per kind of variable: latent, noise, activation, weights, or
            several.
        layers: Which rows and maps may change; the others stay bit-identical.
        objective: The blocks of the objective by name.
        steps: Number of steps; each is one forward and backward pass per image.
        activation: Which activation is a variable, where `optimise` names one. What comes before it
            no longer counts: of rows and maps, those behind it change.
        embedding: Name of the embedding that is optimised; each starts where `start` says.
        start_from: Another embedding that it is a copy of at first, if the stage takes any steps:
            what two photographs have in common then stays alike. null: it goes on as it is.
        exploration: Random steps of the latent that fade out; null: none.
        early_stopping: When an image stops before the end; null: never.
        tied: Fraction of the stage, at its start, in which all style rows make the same step: from
            one w for all rows, the latent then stays in W before it goes on in W+.
        draft: Early steps on drafts, which cost less; null: all are in full.
        normalise_noise: Give the noise maps zero mean and unit variance after every step.
        alternate: With several kinds of variables: move one kind per step, in turn.
        locality: What holds the weights near the generator's, away from the photograph; null: none.
        compact: How the change of the weights is stored.
    """

    optimise: dict[Variable, Optimizer]
    layers: Layers
    objective: dict[str, Block]
    steps: Annotated[int, Field(ge=0)]
    activation: ActivationSite = field(default_factory=ActivationSite)
    embedding: str = "x"
    start_from: str | None = None
    alternate: bool = False
    exploration: Exploration | None = None
    early_stopping: EarlyStopping | None = None
    tied: Annotated[float, Field(ge=0, le=1)] = 0.0
    draft: Draft | None = None
    normalise_noise: bool = False
    locality: Locality | None = None
    compact: Compact = field(default_factory=Compact)

    def __post_init__(self) -> None:
        if not self.optimise:
            raise ConfigError(
                "a stage must optimise the latent, the noise, an activation, or the weights"
            )
        for variable, optimizer in self.optimise.items():
            optimizer.check(variable)
        if not any(block.counting for block in self.objective.values()):
            raise ConfigError("the objective has no term whose weight is not 0")
        if self.exploration is not None and "latent" not in self.optimise:
            raise ConfigError("exploration moves the latent, which this stage does not optimise")
        if self.tied > 0 and "latent" not in self.optimise:
            raise ConfigError("tied is about the latent, which this stage does not optimise")
        if self.draft is not None and set(self.optimise) != {"latent"}:
            raise ConfigError("draft is for stages that optimise the latent alone")
        if self.alternate and len(self.optimise) < 2:
            raise ConfigError("alternate needs several kinds of variables under optimise")
        if self.locality is not None and "weights" not in self.optimise:
            raise ConfigError("locality holds the weights, which this stage does not optimise")
        if not self.always_due():
            raise ConfigError("the objective has a step in which no term with a weight takes part")
        if self.early_stopping is not None:
            self._require_comparable("early_stopping")
        for variable, optimizer in self.optimise.items():
            if optimizer.compares_losses:
                self._require_comparable(f"{type(optimizer).__name__} of the {variable}")
        searching = [v for v, optimizer in self.optimise.items() if not optimizer.needs_gradient]
        if searching and len(self.optimise) > 1:
            raise ConfigError(
                f"the {searching[0]} is searched for without gradients, alone: give what else "
                "changes a stage of its own"
            )

    def _require_comparable(self, what: str) -> None:
        if not self.comparable:
            raise ConfigError(
                f"{what} compares the losses of steps, which drafts, exploration, locality, a "
                "weight that changes over the stage or terms that take turns make incomparable; "
                "leave one of them out, or choose loss=lpips"
            )

    def embeddings(self) -> tuple[str, ...]:
        """Return the names of the embedding that is optimised and of that it starts from."""
        return (self.embedding,) if self.start_from is None else (self.embedding, self.start_from)

    @property
    def needs_gradient(self) -> bool:
        """Whether a step goes back through the generator."""
        return any(optimizer.needs_gradient for optimizer in self.optimise.values())

    @property
    def comparable(self) -> bool:
        """Whether losses of steps compare: no weight, term or draft changes, nothing is random."""
        changing = any(isinstance(t.weight, ScheduledWeight) or t.every > 1 for t in self.terms())
        steady = self.exploration is None and self.locality is None and self.draft is None
        return steady and not changing

    def is_like(self, other: StageConfig) -> bool:
        """Whether images of both can share one loop: they differ in constant weights at most."""
        optimizers = (*self.optimise.values(), *other.optimise.values())
        return (
            "weights" not in self.optimise
            and all(optimizer.treats_images_alone for optimizer in optimizers)
            and self._unweighted() == other._unweighted()
        )

    def _unweighted(self) -> StageConfig:
        blocks = {name: block.unweighted() for name, block in self.objective.items()}
        return replace(self, objective=blocks)

    @property
    def replayable(self) -> bool:
        """Whether steps with the same terms compute the same, from tensors changed in place."""
        scheduled = any(isinstance(term.weight, ScheduledWeight) for term in self.terms())
        moved = {"latent", "noise"}.issuperset(self.optimise)
        return self.needs_gradient and moved and self.exploration is None and not scheduled

    def always_due(self) -> bool:
        """Return whether every step has a term with a weight."""
        counting = [t for block in self.objective.values() for t in block.counting.values()]
        period = math.lcm(*(term.every for term in counting))
        return all(any(term.is_due(step) for term in counting) for step in range(period))

    def terms(self) -> Iterator[Term]:
        """Iterate over all terms, those of locality too."""
        for block in self.objective.values():
            yield from block.terms.values()
        if self.locality is not None:
            yield from self.locality.terms.values()

    def check(self, generator: Generator, spec: EmbeddingSpec, images: int) -> None:
        """Refuse what the stage cannot work on, before any work.

        Args:
            generator: The generator.
            spec: What is known of the embedding that is optimised.
            images: How many images are optimised side by side.

        Raises:
            ConfigError: The generator or the latent lacks something that the stage needs.
        """
        self._check_variables(generator, spec, images)
        if self.locality is not None and spec.space == "s":
            raise ConfigError("locality needs a pivot in start.space z, w or w+, not s")
        if self.exploration is not None and spec.space == "s":
            raise ConfigError("exploration moves z, w or w+, not the styles of start.space=s")
        self._check_terms(generator, spec)

    def _check_variables(self, generator: Generator, spec: EmbeddingSpec, images: int) -> None:
        """Refuse layers without what the stage optimises, and optimisers that it is not for."""
        from ganvas.generator.tuning import weights_of
        from ganvas.stage.variables import (
            behind,
            require_latent_per_row,
            require_one,
            require_variables,
        )

        subset = selected(self.layers, generator)
        require_variables(subset, self.optimise)
        for optimizer in self.optimise.values():
            optimizer.check_start(spec.space, images)
        if "activation" in self.optimise:
            site = generator.find_layer(self.activation.layer)
            spec.require_activations(site, generator)
            where = f" behind {site}, whose activation is a variable"
            require_variables(behind(site, subset, generator), self.optimise, where)
        if spec.edited is not None:
            where = f" behind {spec.edited}, whose activations are edited"
            require_variables(behind(spec.edited, subset, generator), self.optimise, where)
        if "latent" in self.optimise:
            require_latent_per_row(subset, spec.space, generator)
        if "weights" in self.optimise:
            require_one(images)
            weights_of(generator, subset.activations)

    def _check_terms(self, generator: Generator, spec: EmbeddingSpec) -> None:
        """Refuse terms that the generator, the latent or the stage's drafts have nothing for."""
        for term in self.terms():
            term.check(generator, spec.space)
            if self.draft is not None and self.draft.layer(generator) is not None:
                with about("draft"):
                    term.require_pixels(self.draft.resolution)
            if term.needs_activation and "activation" not in self.optimise:
                raise ConfigError(
                    f"{type(term).__name__} is about an activation, which this stage does not "
                    "optimise"
                )

    def leaves(self, generator: Generator, spec: EmbeddingSpec) -> EmbeddingSpec:
        """Return what is known of the embedding after the stage."""
        if "activation" not in self.optimise:
            return spec
        return replace(spec, edited=generator.find_layer(self.activation.layer))

    def masks(self) -> Iterator[str]:
        """Iterate over the mask expressions that the stage reads besides its objective's."""
        if "activation" in self.optimise:
            yield self.activation.mask
