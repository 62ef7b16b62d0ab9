"""Start from a random sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from ganvas.embedding import Embedding, Space, join_styles
from ganvas.errors import ConfigError
from ganvas.start.base import Start, started

if TYPE_CHECKING:
    from torch import Tensor

    from ganvas.generator.base import Generator


@dataclass(frozen=True)
class Random(Start):
    """z ~ N(0, 1) from the seed, mapped to the space, and n ~ N(0, 1) from the seed.

    Attributes:
        space: Latent space to optimise in: z, w, w+ or s.
        count: Starts of each photograph; more than one seek as many solutions, side by side.
        keep: "all" solutions are results, or of each photograph the "best": the one of the lowest
            loss at the end of the last stage that optimises x. The others' pictures stay.
        psi: How far the samples are from w_avg: the truncation ψ; 1 leaves them as drawn.
    """

    space: Space = "w+"
    count: Annotated[int, Field(ge=1)] = 1
    keep: Literal["all", "best"] = "all"
    psi: Annotated[float, Field(ge=0, le=1)] = 1.0

    @property
    def solutions(self) -> int:
        """How many solutions of each photograph are sought."""
        return self.count

    @property
    def keeps_best(self) -> bool:
        """Whether only the best solution of each photograph is a result."""
        return self.keep == "best"

    def __post_init__(self) -> None:
        if self.space == "z" and self.psi != 1.0:
            raise ConfigError("psi pulls w towards w_avg; it does not go with space=z")

    def begin(
        self,
        generator: Generator,
        names: tuple[str, ...],
        seed: int,
        photographs: Tensor | None = None,
    ) -> Embedding:
        """Return `count` samples, the same for every photograph, in the order of its solutions."""
        import torch

        rng = torch.Generator().manual_seed(seed)
        z = torch.randn(self.count, generator.z_dim, generator=rng).to(generator.w_avg.device)
        latent = z if self.space == "z" else generator.mapping(z)
        if self.psi != 1.0:
            latent = torch.lerp(generator.w_avg.expand_as(latent), latent, self.psi)
        if self.space in ("w+", "s"):
            latent = generator.broadcast(latent)
        if self.space == "s":
            latent = join_styles(generator.styles(latent))
        latent = latent.repeat(len(names) // self.count, *[1] * (latent.ndim - 1))
        return started(generator, names, latent, self.space, seed)
