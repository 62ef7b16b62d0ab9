"""The samples that a training chooses from: the newest ones, in a ring on the device."""

from __future__ import annotations

import torch

from ganvas.encoder.stream import Samples, Stream
from ganvas.functional.seeds import seed_of
from ganvas.generator.base import Generator


class Pool:
    """The last samples of a stream, each drawn once and used several times.

    Drawing costs far more than learning from what is drawn. What the pool holds, and what is chosen
    from it, depends on the seed and the step alone: a training that continues draws it again.

    Args:
        stream: What is drawn, how many are new in each step, and how many are kept.
        generator: What draws.
        seed: Seed of the samples.
    """

    def __init__(self, stream: Stream, generator: Generator, seed: int) -> None:
        self.stream = stream
        self.generator = generator
        self.seed = seed
        self.next = 0
        side, device = stream.side(generator), generator.w_avg.device
        shape = (stream.kept, generator.rows, generator.w_dim)
        self.w = torch.zeros(shape, device=device)
        self.pictures = torch.zeros(stream.kept, 3, side, side, dtype=torch.uint8, device=device)

    @torch.no_grad()
    def batch(self, step: int, count: int) -> Samples:
        """Return `count` samples of those that there are in step `step`, or all where it is fewer.

        Steps are asked for in their order.
        """
        stream = self.stream
        depth = stream.kept // stream.fresh
        for index in range(max(self.next, step + 1 - depth), step + 1):
            drawn = stream.draw(self.generator, self.seed, index, stream.fresh)
            slots = slice(index % depth * stream.fresh, (index % depth + 1) * stream.fresh)
            self.w[slots], self.pictures[slots] = drawn
        self.next = step + 1
        available = min((step + 1) * stream.fresh, stream.kept)
        rng = torch.Generator().manual_seed(seed_of(self.seed, step))
        chosen = torch.randperm(available, generator=rng)[:count]
        chosen = chosen.to(self.w.device, non_blocking=True)
        return Samples(self.w[chosen], self.pictures[chosen])
