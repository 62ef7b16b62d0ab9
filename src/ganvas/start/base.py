"""Where an optimisation starts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from ganvas.embedding import Embedding, Space

if TYPE_CHECKING:
    from torch import Tensor

    from ganvas.generator.base import Generator


class Start(ABC):
    """A start (w_ini, n_ini): of an image alone, so that neighbours change nothing."""

    sees_photographs: ClassVar[bool] = False
    """Whether it depends on the photographs; most starts are the same for all of them."""

    @property
    def solutions(self) -> int:
        """How many solutions of each photograph are sought, from as many starts."""
        return 1

    @property
    def keeps_best(self) -> bool:
        """Whether only the best solution of each photograph is a result."""
        return False

    def of(self, image: str) -> Start:
        """Return the start of the image called x, y or z: this one, where it has none for each."""
        return self

    @abstractmethod
    def begin(
        self,
        generator: Generator,
        names: tuple[str, ...],
        seed: int,
        photographs: Tensor | None = None,
    ) -> Embedding:
        """Return the embedding of `names` that the first stage starts from.

        Args:
            generator: The generator.
            names: One name per image.
            seed: Seed of noise and random samples.
            photographs: (B, 3, H, W) in [−1, 1]; only a start that sees them needs them.
        """


def started(
    generator: Generator, names: tuple[str, ...], latent: Tensor, space: Space, seed: int
) -> Embedding:
    """Return the embedding of a latent with n ~ N(0, 1) from the seed, the same for every image."""
    return Embedding(
        latent=latent,
        noise=tuple(generator.noise_of(seed, len(names))),
        space=space,
        names=names,
        generator_hash=generator.source_hash,
    )
