"""Arrays in a file that was not read yet: type, shape and where their numbers lie.

Nothing is copied until `load` is called, so a file can be looked at without paying for its weights,
and a tensor can never be larger than the bytes that stand in the file.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from ganvas.checkpoint.machine import Record
from ganvas.errors import CheckpointError

STORAGE_TYPES = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}


@runtime_checkable
class Stored(Protocol):
    """What every array of a file offers, whatever wrote it."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape, known without reading it."""

    def load(self) -> Tensor:
        """Return a copy of its own of the numbers."""


class Storage:
    """A run of numbers of one type; its bytes may become known only after the tensors on it."""

    __slots__ = ("count", "data", "dtype")

    def __init__(self, dtype: torch.dtype, count: int, data: memoryview | None = None) -> None:
        self.dtype = dtype
        self.count = count
        self.data = data


class StoredTensor:
    """A torch tensor in a file: a strided window on a storage."""

    __slots__ = ("_offset", "_storage", "_stride", "shape")

    def __init__(
        self, storage: object, offset: object, shape: object, stride: object, *_: object
    ) -> None:
        if not isinstance(storage, Storage) or not isinstance(offset, int):
            raise CheckpointError("a tensor of the file has no storage")
        self.shape = dimensions(shape)
        self._stride = dimensions(stride)
        self._storage = storage
        self._offset = offset
        reach = sum((n - 1) * s for n, s in zip(self.shape, self._stride, strict=True))
        empty = 0 in self.shape
        if offset < 0 or math.prod(self.shape) > storage.count:
            raise CheckpointError(f"a tensor of shape {self.shape} is larger than its storage")
        if not empty and offset + reach >= storage.count:
            raise CheckpointError(f"a tensor of shape {self.shape} reaches beyond its storage")

    def load(self) -> Tensor:
        """Copy the numbers out of the file."""
        storage = self._storage
        if storage.data is None or len(storage.data) != storage.count * storage.dtype.itemsize:
            raise CheckpointError("the file is cut off: a tensor's numbers are missing")
        if 0 in self.shape:
            return torch.empty(self.shape, dtype=storage.dtype)
        flat = torch.frombuffer(storage.data, dtype=storage.dtype)
        return flat.as_strided(self.shape, self._stride, self._offset).clone(
            memory_format=torch.contiguous_format
        )


class NumpyType(Record):
    """A numpy number type: its code, then, as a state, its byte order."""

    __slots__ = ("dtype",)

    def __init__(self, code: object, *_: object) -> None:
        super().__init__("numpy.dtype")
        if not isinstance(code, str):
            raise CheckpointError("the file holds an array of a type without a name")
        if code[:1] not in "fiub" or not code[1:].isdigit():
            raise CheckpointError(f"the file holds an array of '{code[:20]}', not numbers")
        self.dtype = np.dtype(code)

    def build(self, state: object) -> None:
        """Take the byte order, the second entry of a numpy type's state."""
        if isinstance(state, tuple) and len(state) > 1 and state[1] in ("<", ">"):
            self.dtype = self.dtype.newbyteorder(state[1])


class NumpyArray(Record):
    """A numpy array in a file; its state is (version, shape, type, column-major, bytes)."""

    __slots__ = ("_data", "_dtype", "_order", "shape")

    def __init__(self, *_: object) -> None:
        super().__init__("numpy.ndarray")
        self.shape: tuple[int, ...] = (0,)
        self._dtype = np.dtype("f4")
        self._order = False
        self._data: memoryview = memoryview(b"")

    def build(self, state: object) -> None:
        """Take shape, type and bytes, and check that they fit."""
        if not isinstance(state, tuple) or len(state) != 5:
            raise CheckpointError("a numpy array of the file has no readable state")
        _, shape, numpy_type, order, data = state
        if not isinstance(numpy_type, NumpyType) or not isinstance(data, memoryview):
            raise CheckpointError("a numpy array of the file holds something other than numbers")
        self.shape, self._dtype, self._order, self._data = (
            dimensions(shape),
            numpy_type.dtype,
            bool(order),
            data,
        )
        if math.prod(self.shape) * self._dtype.itemsize != len(data):
            raise CheckpointError(f"a numpy array of shape {self.shape} does not fit its bytes")

    @classmethod
    def from_buffer(
        cls, data: object, numpy_type: object, shape: object, order: object
    ) -> NumpyArray:
        """Build the array as protocol 5 describes it."""
        array = cls()
        array.build((1, shape, numpy_type, order == "F", data))
        return array

    def load(self) -> Tensor:
        """Copy the numbers out of the file, in this machine's byte order."""
        flat = np.frombuffer(self._data, dtype=self._dtype)
        array = flat.reshape(self.shape, order="F" if self._order else "C")
        return torch.from_numpy(np.array(array, dtype=self._dtype.newbyteorder("="), order="C"))


def numpy_scalar(numpy_type: object, data: object = None) -> float | int | bool:
    """Return a numpy scalar of a pickle as Python's own number."""
    array = NumpyArray()
    array.build((1, (1,), numpy_type, False, data))
    number: float | int | bool = array.load().item()
    return number


def dimensions(value: object) -> tuple[int, ...]:
    """Return a shape or a stride of the file as a tuple of at most eight counts."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = (value,)
    if not isinstance(value, tuple | list) or len(value) > 8:
        raise CheckpointError("an array of the file has no readable shape")
    return tuple(_count(entry) for entry in value)


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**40:
        raise CheckpointError("an array of the file has a shape with something that is no count")
    return value


def shapes(tensors: Sequence[Stored]) -> int:
    """Return how many numbers the arrays hold together."""
    return sum(math.prod(tensor.shape) for tensor in tensors)
