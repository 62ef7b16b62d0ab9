"""What tuning changed in a generator's weights, in a few MiB instead of a copy of all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True)
class Compact:
    """How the change of each weight is stored.

    Attributes:
        rank: Rank of the matrix (outputs by everything else) that is kept; null: all of it.
        bits: Bits per number, 8 or 16, with a step for each row.
    """

    rank: Annotated[int, Field(ge=1)] | None = 32
    bits: Literal[8, 16] = 8


@dataclass(frozen=True, eq=False)
class Delta:
    """A change of some weights; a weight NAME is stored in one of three ways.

    ``NAME`` holds the change itself; ``NAME@values`` integers with the steps ``NAME@step``;
    ``NAME@left`` and ``NAME@right`` the integers of two factors with ``NAME@left_step`` and
    ``NAME@right_step``.

    Attributes:
        tensors: The stored arrays by these keys.
    """

    tensors: dict[str, Tensor]

    @property
    def names(self) -> tuple[str, ...]:
        """The weights that change."""
        return tuple(dict.fromkeys(key.partition("@")[0] for key in self.tensors))

    @property
    def size(self) -> int:
        """Bytes of all arrays."""
        return sum(t.numel() * t.element_size() for t in self.tensors.values())

    def of(self, name: str, shape: torch.Size) -> Tensor:
        """Return the change of one weight, in its shape.

        Raises:
            KeyError: The weight does not change, or its arrays are incomplete.
            RuntimeError: It has another shape.
        """
        stored = self.tensors
        if name in stored:
            return stored[name].reshape(shape)
        if f"{name}@values" in stored:
            return self._part(name, "values", "step").reshape(shape)
        left, right = (self._part(name, side, f"{side}_step") for side in ("left", "right"))
        # Two narrow factors of a file can have a product that no memory holds.
        if len(left) != len(right) or left.shape[1] * right.shape[1] != shape.numel():
            raise RuntimeError(f"the factors of '{name}' are those of another shape")
        return (left.mT @ right).reshape(shape)

    def _part(self, name: str, values: str, step: str) -> Tensor:
        from ganvas.functional.compaction import dequantise

        integers, steps = self.tensors[f"{name}@{values}"], self.tensors[f"{name}@{step}"]
        if integers.ndim != 2 or steps.shape != (len(integers), 1):
            raise RuntimeError(f"the steps of '{name}' are those of another shape")
        return dequantise(integers, steps)

    def is_same(self, other: Delta | None) -> bool:
        """Return whether another delta stores the same arrays."""
        return (
            other is not None
            and self.tensors.keys() == other.tensors.keys()
            and all(t.equal(other.tensors[key]) for key, t in self.tensors.items())
        )

    def to(self, device: torch.device | str) -> Delta:
        """Return the same change on another device."""
        return Delta({key: value.to(device) for key, value in self.tensors.items()})


def compacted(changes: Mapping[str, Tensor], settings: Compact) -> Delta:
    """Return the changes (by name, in the weights' shapes) in few bytes."""
    return Delta(
        {k: v for name, change in changes.items() for k, v in _stored(name, change, settings)}
    )


def _stored(name: str, change: Tensor, settings: Compact) -> Iterator[tuple[str, Tensor]]:
    from ganvas.functional.compaction import low_rank, quantise

    matrix = change.flatten(1) if change.ndim > 1 else change.reshape(1, -1)
    rows, columns = matrix.shape
    if settings.rank is None or settings.rank * (rows + columns) >= rows * columns:
        values, step = quantise(matrix, settings.bits)
        yield from ((f"{name}@values", values), (f"{name}@step", step))
        return
    left, right = low_rank(matrix, settings.rank)
    # Transposed, so that each component has a step of its own: they differ by orders.
    for side, factor in (("left", left.mT.contiguous()), ("right", right)):
        values, step = quantise(factor, settings.bits)
        yield from ((f"{name}@{side}", values), (f"{name}@{side}_step", step))
