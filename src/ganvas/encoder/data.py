"""What an encoder learns from: pictures that the generator draws, whose w is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ganvas.encoder.augmentation import Augmentation
from ganvas.errors import ConfigError
from ganvas.functional.seeds import seed_of
from ganvas.system.gradient import no_grad

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from ganvas.generator.base import Generator

Truncation = Annotated[float, Field(gt=0, le=1)]


@dataclass(frozen=True)
class Data:
    """Random samples w = w_avg + ψ(w' − w_avg) of a generator, with new noise and a random ψ.

    Every sample has its own stream of random numbers: more samples keep the first ones.

    Attributes:
        psi: Smallest and greatest ψ; a sample's is drawn between them.
        resolution: Height and width that pictures are shrunk to; never larger than the generator's.
        shard: Samples that are computed, and saved, at a time.
        augmentation: How pictures are changed.
    """

    psi: tuple[Truncation, Truncation] = (0.5, 1.0)
    resolution: Annotated[int, Field(ge=8)] = 256
    shard: Annotated[int, Field(ge=1)] = 32
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        if self.psi[0] > self.psi[1]:
            raise ConfigError(f"psi={list(self.psi)}: the first must not be above the second")

    @no_grad
    def sample(
        self, generator: Generator, seed: int, index: int
    ) -> tuple[Float[Tensor, "1 w_dim"], Float[Tensor, "1 3 r r"]]:
        """Return w (1, w_dim) and the picture (1, 3, r, r) in [−1, 1] of sample `index`.

        The picture has 8 bits, as photographs do, before it is changed.
        """
        import torch

        from ganvas.functional.images import from_uint8, resize, to_uint8

        rng = torch.Generator().manual_seed(seed_of(seed, index))
        z = torch.randn(1, generator.z_dim, generator=rng).to(generator.w_avg.device)
        low, high = self.psi
        psi = low + (high - low) * torch.rand(1, generator=rng).to(z.device)
        noise = generator.sample_noise(1, rng)
        w = torch.lerp(generator.w_avg.expand(1, -1), generator.mapping(z), psi)
        image = generator(generator.broadcast(w), noise)
        size = min(self.resolution, generator.resolution)
        picture = from_uint8(to_uint8(resize(image, size)))
        return w, self.augmentation(picture, rng)
