"""Random steps around the latent, early in a stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ganvas.functional.schedule import exploration
from ganvas.functional.seeds import seed_of

if TYPE_CHECKING:
    from torch import Tensor

    from ganvas.generator.base import Generator

SPREAD_SAMPLES = 10_000


@dataclass(frozen=True)
class Exploration:
    """Random steps around the latent that fade out. Karras et al. 2020, appendix D.

    Attributes:
        strength: Standard deviation at the start, in root mean square distances of w from w_avg.
        until: Fraction of the stage after which there is none.
        seed: Seed of the random steps; they are the same for every image.
    """

    strength: Annotated[float, Field(gt=0)] = 0.05
    until: Annotated[float, Field(gt=0, le=1)] = 0.75
    seed: Annotated[int, Field(ge=0)] = 0

    def draw(self, step: int, steps: int, shape: tuple[int, ...], spread: Tensor) -> Tensor:
        """Return the random offset (1, *shape) of step `step` of `steps`."""
        import torch

        rng = torch.Generator().manual_seed(seed_of(self.seed, step))
        # From the CPU, so that a seed means the same everywhere; nobody waits for it to arrive.
        offset = torch.randn(1, *shape, generator=rng).to(spread.device, non_blocking=True)
        return offset * spread * self.strength * exploration(step / steps, self.until)


def spread_of_w(generator: Generator) -> Tensor:
    """Return the root mean square distance of random w from w_avg, a scalar tensor."""
    import torch

    samples = generator.sample_w(SPREAD_SAMPLES, torch.Generator().manual_seed(0))
    return (samples - generator.w_avg).square().sum(1).mean().sqrt()
