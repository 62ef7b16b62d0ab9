"""Noise maps of an edit: fitted ones do not outlive what they were fitted to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ganvas.edit.operation import Operation
from ganvas.system.gradient import no_grad

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from ganvas.stage import Scene

Seed = Annotated[int, Field(ge=0, lt=2**63)]


@dataclass(frozen=True)
class RenewNoise(Operation):
    """n + M ⊙ (n′ − n): in a region the noise is as it was drawn before anything was fitted.

    Fitted maps draw the details of one face. Where another one is to appear they would be seen
    through it, as a ghost. As behind a stage, the maps are rounded to float16.

    Attributes:
        regions: A mask expression of the recipe by the name of the embedding; "1" is everywhere.
        seed: Seed of n′; the run's seed gives the noise that the run started from.
    """

    regions: Mapping[str, str] = field(default_factory=lambda: {"x": "1"})
    seed: Seed = 0

    def masks(self) -> tuple[str, ...]:
        """Return the regions."""
        return tuple(self.regions.values())

    def embeddings(self) -> tuple[str, ...]:
        """Return whose noise is renewed."""
        return tuple(self.regions)

    @no_grad
    def apply(self, scene: Scene) -> Float[Tensor, "B 3 H W"]:
        """Renew the noise, and draw the picture of x or of whatever comes first."""
        for name, region in self.regions.items():
            embedding = scene.embedding(name)
            fresh = tuple(scene.generator.noise_of(self.seed, len(embedding)))
            noise = renewed(embedding.noise, fresh, scene.mask(region))
            scene.embeddings[name] = replace(embedding, noise=noise).rounded()
        shown = "x" if "x" in self.regions else next(iter(self.regions))
        return scene.embeddings[shown].render(scene.generator)


def renewed(
    noise: Sequence[Tensor], fresh: Sequence[Tensor], mask: Tensor | None
) -> tuple[Tensor, ...]:
    """Return n + M ⊙ (n′ − n) for every map.

    Args:
        noise: The maps n, (B, 1, r, r) each.
        fresh: The maps n′, in the same shapes.
        mask: M, (B, 1, H, W) in [0, 1]; None for everywhere.
    """
    import torch

    from ganvas.functional.activations import fit_mask

    if mask is None:
        return tuple(fresh)
    # What was fitted, n − n′, fades out with the mask; n′ keeps its power.
    pairs = zip(noise, fresh, strict=True)
    return tuple(torch.lerp(n, new, fit_mask(mask, n.shape[-1])) for n, new in pairs)
