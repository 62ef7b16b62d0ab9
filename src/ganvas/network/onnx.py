"""Small convolutional networks from ONNX files as torch modules, so that gradients pass through.

Reads the few kinds of nodes that such networks are made of. Nothing in the file is executed.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganvas.errors import AssetError

Message = list[tuple[int, Any]]


@dataclass(frozen=True)
class Node:
    """One operation of the graph.

    Attributes:
        operation: ONNX's name of the operation.
        inputs: Names of tensors.
        output: Name of the tensor that it makes.
        attributes: Numbers and lists of integers by name.
    """

    operation: str
    inputs: tuple[str, ...]
    output: str
    attributes: dict[str, Any] = field(default_factory=dict)


class OnnxNetwork(nn.Module):
    """A graph with one input and one output.

    Args:
        path: The ONNX file.

    Raises:
        AssetError: The file is broken, or uses an operation that is not known here.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        try:
            graph = _only(_fields(path.read_bytes()), 7)
            self.nodes = [_node(part) for number, part in _fields(graph) if number == 1]
            constants = [_constant(part) for number, part in _fields(graph) if number == 5]
        except (IndexError, KeyError, ValueError, struct.error) as error:
            raise AssetError(f"{path} is not a readable ONNX file: {error}") from error
        for node in self.nodes:
            if node.operation not in OPERATIONS:
                raise AssetError(f"{path}: operation {node.operation} is not supported")
        self._names = {name: f"constant_{i}" for i, (name, _) in enumerate(constants)}
        for name, tensor in constants:
            self.register_buffer(self._names[name], tensor)
        self.input = next(n for n in self.nodes[0].inputs if n not in self._names)
        self.eval().requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the last node's output for the input x."""
        values = {self.input: x}
        for node in self.nodes:
            operands = [
                values[n] if n in values else self.get_buffer(self._names[n]) for n in node.inputs
            ]
            values[node.output] = OPERATIONS[node.operation](node.attributes, *operands)
        return values[self.nodes[-1].output]


def _conv(
    attributes: dict[str, Any], x: Tensor, weight: Tensor, bias: Tensor | None = None
) -> Tensor:
    pads = attributes.get("pads", [0, 0, 0, 0])
    return F.conv2d(
        x, weight, bias, stride=attributes.get("strides", 1), padding=pads[:2],
        dilation=attributes.get("dilations", 1), groups=attributes.get("group", 1),
    )  # fmt: skip


def _gemm(attributes: dict[str, Any], a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    return a @ (b.T if attributes.get("transB") else b) + c


def _norm(attributes: dict[str, Any], x: Tensor, weight: Tensor, bias: Tensor, mean: Tensor,
          variance: Tensor) -> Tensor:  # fmt: skip
    return F.batch_norm(x, mean, variance, weight, bias, eps=attributes.get("epsilon", 1e-5))


OPERATIONS: dict[str, Callable[..., Tensor]] = {
    "Conv": _conv,
    "PRelu": lambda _, x, slope: F.prelu(x, slope.flatten()),
    "Add": lambda _, a, b: a + b,
    "Sub": lambda _, a, b: a - b,
    "Mul": lambda _, a, b: a * b,
    "Flatten": lambda attributes, x: x.flatten(attributes.get("axis", 1)),
    "Gemm": _gemm,
    "BatchNormalization": _norm,
}


def _node(message: bytes) -> Node:
    parts = list(_fields(message))
    attributes = dict(_attribute(value) for number, value in parts if number == 5)
    return Node(
        operation=_text(_only(parts, 4)),
        inputs=tuple(_text(value) for number, value in parts if number == 1),
        output=_text(_only(parts, 2)),
        attributes=attributes,
    )


def _attribute(message: bytes) -> tuple[str, Any]:
    parts = list(_fields(message))
    name, attribute_type = _text(_only(parts, 1)), _only(parts, 20)
    if attribute_type == 1:
        return name, struct.unpack("<f", _only(parts, 2))[0]
    if attribute_type == 2:
        return name, _only(parts, 3)
    if attribute_type == 7:
        return name, [value for number, value in parts if number == 8]
    return name, None


def _constant(message: bytes) -> tuple[str, Tensor]:
    parts = list(_fields(message))
    kinds = {1: np.float32, 7: np.int64}
    shape = [value for number, value in parts if number == 1]
    # As raw bytes, or a few floats one by one.
    raw = b"".join(value for number, value in parts if number in (4, 9))
    values = np.frombuffer(raw, kinds[_only(parts, 2)]).reshape(shape)
    return _text(_only(parts, 8)), torch.from_numpy(values.copy())


def _text(value: bytes) -> str:
    return bytes(value).decode()


def _only(parts: Iterator[tuple[int, Any]] | Message, wanted: int) -> Any:
    for number, value in parts:
        if number == wanted:
            return value
    raise IndexError(f"field {wanted} is missing")


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """Iterate over a protocol buffer's fields: (number, integer or bytes)."""
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        wire_type = key & 7
        if wire_type == 0:
            value, position = _varint(message, position)
            yield key >> 3, value
            continue
        if wire_type == 2:
            size, position = _varint(message, position)
        else:
            size = {1: 8, 5: 4}[wire_type]
        yield key >> 3, message[position : position + size]
        position += size


def _varint(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[position]
        position += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, position
