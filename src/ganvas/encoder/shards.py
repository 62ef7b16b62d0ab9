"""Features and latents of training samples on disk, a shard in a file: training continues there.

A shard is whole or not there, and the same samples give the same bits. So a training that was
killed repeats at most one shard, and ends like one that was left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ganvas.encoder.data import Data
from ganvas.encoder.features import Features
from ganvas.system.tensors import read_tensors, write_tensors

if TYPE_CHECKING:
    from torch import Tensor

    from ganvas.generator.base import Generator


@dataclass(frozen=True)
class Shards:
    """The shards of one training.

    Attributes:
        folder: Where they lie.
        data: How samples are drawn.
        features: What is kept of their pictures.
        samples: How many samples there are to be.
        seed: Seed of the samples.
    """

    folder: Path
    data: Data
    features: Features
    samples: int
    seed: int

    def __len__(self) -> int:
        return -(-self.samples // self.data.shard)

    def compute(self, generator: Generator, report: Callable[[str], None]) -> None:
        """Draw what is not there yet; `report` is told after each shard."""
        for index in range(len(self)):
            if self._read(index) is None:
                features, w = self._drawn(generator, index)
                write_tensors(self._file(index), {"features": features, "w": w}, {})
                report(f"{min((index + 1) * self.data.shard, self.samples)} of {self.samples}")

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Iterate over (features (n, F), w (n, w_dim)) of the shards, in order."""
        for index in range(len(self)):
            pair = self._read(index)
            assert pair is not None, "shards are computed before they are read"
            yield pair

    def _drawn(self, generator: Generator, index: int) -> tuple[Tensor, Tensor]:
        import torch

        features, latents = [], []
        for sample in self._samples_of(index):
            w, picture = self.data.sample(generator, self.seed, sample)
            features.append(self.features(picture))
            latents.append(w)
        return torch.cat(features), torch.cat(latents)

    def _samples_of(self, index: int) -> range:
        first = index * self.data.shard
        return range(first, min(first + self.data.shard, self.samples))

    def _file(self, index: int) -> Path:
        samples = self._samples_of(index)
        return self.folder / f"{samples.start:07d}-{samples.stop:07d}.safetensors"

    def _read(self, index: int) -> tuple[Tensor, Tensor] | None:
        """Return a shard, or None where it is not there or cannot be read."""
        try:
            tensors, _ = read_tensors(self._file(index))
            return tensors["features"], tensors["w"]
        except (OSError, ValueError, KeyError):
            return None
