"""What holds a tuned generator to the one that it came from, away from the photograph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ganvas.errors import ConfigError
from ganvas.functional.seeds import seed_of
from ganvas.loss import Block, Objective, Reference, Term, View, pairs

if TYPE_CHECKING:
    from torch import Tensor

    from ganvas.generator.base import Generator


@dataclass(frozen=True)
class Locality:
    """Random latents near the pivot go on drawing what they drew. Roich et al. 2021, section 3.3.

    Each step draws z, takes the point at `distance` from the pivot on the way to w(z), and compares
    the picture that the tuned generator draws there with that of the generator as it was.

    Attributes:
        terms: The terms of the comparison by name; masks and targets of their own do not apply.
        weight: Factor of all of them.
        distance: α, the Euclidean distance in w+ from the pivot.
        samples: How many latents.
        every: Steps from one comparison to the next.
        seed: Seed of the latents.
    """

    terms: dict[str, Term]
    weight: Annotated[float, Field(ge=0)] = 0.1
    distance: Annotated[float, Field(gt=0)] = 30.0
    samples: Annotated[int, Field(ge=1)] = 1
    every: Annotated[int, Field(ge=1)] = 1
    seed: Annotated[int, Field(ge=0)] = 0

    def __post_init__(self) -> None:
        if not self.terms:
            raise ConfigError("locality needs at least one term")

    def latents(self, step: int, pivot: Tensor, generator: Generator) -> Tensor:
        """Return step `step`'s latents (samples, rows, w_dim) around pivot (1, rows, w_dim)."""
        import torch

        from ganvas.functional.locality import towards

        rng = torch.Generator().manual_seed(seed_of(self.seed, step))
        samples = generator.broadcast(generator.sample_w(self.samples, rng))
        return towards(pivot, samples, self.distance)

    def loss(
        self,
        step: int,
        pivot: Tensor,
        noise: list[Tensor],
        before: Generator,
        now: Generator,
    ) -> Tensor:
        """Return how far the tuned generator has moved, (1,), weighted; 0 in steps between.

        Args:
            step: The step of the stage.
            pivot: The photograph's latent, (1, rows, w_dim).
            noise: Its noise maps, (1, 1, r, r) each.
            before: The generator as it was when the stage began.
            now: The generator that is tuned.
        """
        import torch

        total = pivot.new_zeros(1)
        if step % self.every:
            return total
        blocks = {"locality": Block(self.terms, weight=self.weight / self.samples)}
        latents = self.latents(step, pivot, before)
        for index in range(self.samples):
            w = latents[index : index + 1]
            with torch.no_grad():
                reference = Reference(before(w, noise), None, w, before)
            objective = Objective.bind(blocks, dict.fromkeys(pairs(blocks), reference))
            total = total + objective(View(now(w, noise), w, noise), 0.0)[0]
        return total
