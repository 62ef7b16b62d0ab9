"""What is counted over samples; shards of it add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path
from typing import TYPE_CHECKING

from ganvas.errors import InputError
from ganvas.system.tensors import read_tensors, write_tensors

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class LayerCounts:
    """Of one layer; the two halves are the even and the odd samples.

    Attributes:
        joint: (2, K, U, B) pixels of each concept by unit and bin of the unit's value.
        total: (2, U, B) all pixels by unit and bin.
        inside: (K, U) sum of the unit's value over the pixels of each concept, float64.
    """

    joint: Tensor
    total: Tensor
    inside: Tensor

    def __add__(self, other: LayerCounts) -> LayerCounts:
        return LayerCounts(
            self.joint + other.joint, self.total + other.total, self.inside + other.inside
        )


@dataclass(frozen=True)
class Counts:
    """Of some samples.

    Attributes:
        layers: By the layer's name.
        pixels: (N, K) pixels of each concept in each sample.
        styles: (N, S) styles of each sample, side by side, float32.
    """

    layers: dict[str, LayerCounts]
    pixels: Tensor
    styles: Tensor

    def save(self, path: Path) -> None:
        """Write one file, whole or not at all.

        Raises:
            StorageError: It cannot be written.
        """
        import torch

        tensors = {"pixels": self.pixels, "styles": self.styles}
        for name, counts in self.layers.items():
            for part in ("joint", "total", "inside"):
                tensors[f"{part}.{name}"] = getattr(counts, part)
        # A shard holds few enough pixels for 32 bits.
        tensors = {k: v.int() if v.dtype == torch.int64 else v for k, v in tensors.items()}
        write_tensors(path, tensors, {"format": "ganvas-dissection-shard-1"})

    @classmethod
    def load(cls, path: Path, layers: Sequence[str]) -> Counts:
        """Read a file that `save` wrote.

        Raises:
            InputError: It is none.
        """
        import torch

        try:
            read, _ = read_tensors(path)
            tensors = {k: v.long() if v.dtype == torch.int32 else v for k, v in read.items()}
            parts = {
                name: LayerCounts(*(tensors[f"{p}.{name}"] for p in ("joint", "total", "inside")))
                for name in layers
            }
            return cls(parts, tensors["pixels"], tensors["styles"])
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f"{path} is no shard of a dissection; delete it: {error}") from error


def added(shards: Sequence[Counts]) -> Counts:
    """Add shards up, in their order, so that sums are the same to the bit whenever they are made.

    Args:
        shards: At least one.
    """
    import torch

    return Counts(
        {name: reduce(add, (shard.layers[name] for shard in shards)) for name in shards[0].layers},
        torch.cat([shard.pixels for shard in shards]),
        torch.cat([shard.styles for shard in shards]),
    )
