"""Where an optimisation starts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from ganvas.embedding import Embedding

if TYPE_CHECKING:
    import torch

    from ganvas.generator.base import Generator


class Start(ABC):
    """A start (w_ini, n_ini): the same for every image, so that neighbours change nothing."""

    @property
    def solutions(self) -> int:
        """How many solutions of each photograph are sought, from as many starts."""
        return 1

    @property
    def keeps_best(self) -> bool:
        """Whether only the best solution of each photograph is a result."""
        return False

    @abstractmethod
    def begin(self, generator: Generator, names: tuple[str, ...], seed: int) -> Embedding:
        """Return the embedding of `names` that the first stage starts from."""


def starting_noise(generator: Generator, count: int, seed: int) -> tuple[torch.Tensor, ...]:
    """Draw one set of maps n ~ N(0, 1) and repeat it for `count` images."""
    import torch

    rng = torch.Generator().manual_seed(seed)
    return tuple(n.expand(count, -1, -1, -1).clone() for n in generator.sample_noise(1, rng))
