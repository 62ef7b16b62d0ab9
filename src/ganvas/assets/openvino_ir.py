"""Reading the constants of an OpenVINO network (IR 10): an XML graph and its weights file."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import numpy as np

from ganvas.errors import AssetError

_TYPES = {"f32": np.float32, "i32": np.int32, "i64": np.int64}


@dataclass(frozen=True, slots=True)
class Constant:
    """One constant of the graph.

    Attributes:
        name: Its name in the graph; names made by the exporter are bare numbers.
        value: The array.
    """

    name: str
    value: np.ndarray[Any, Any]


def constants(graph: bytes, weights: bytes) -> list[Constant]:
    """Return the constants in the order of their ids, which is the order of computation.

    Raises:
        AssetError: The graph is no IR, or refers to bytes that the weights do not have.
    """
    # Expansion of entities is the one way in which a small XML file can harm; an IR has none.
    if b"<!DOCTYPE" in graph or b"<!ENTITY" in graph:
        raise AssetError("the network's XML holds a DOCTYPE, which no OpenVINO network has")
    try:
        layers = ElementTree.fromstring(graph).findall("./layers/layer[@type='Const']")
        layers.sort(key=lambda layer: int(layer.attrib["id"]))
        return [Constant(layer.attrib["name"], _array(layer, weights)) for layer in layers]
    except (ElementTree.ParseError, KeyError, ValueError, AttributeError) as error:
        raise AssetError(f"the network's XML is not an OpenVINO IR: {error}") from error


def _array(layer: ElementTree.Element, weights: bytes) -> np.ndarray[Any, Any]:
    data = layer.find("data")
    output = layer.find("output")
    if data is None or output is None:
        raise ValueError(f"constant {layer.attrib['name']} has no data")
    shape = tuple(int(dim.text or "") for dim in output.iter("dim"))
    dtype = np.dtype(_TYPES[data.attrib["element_type"]])
    offset = int(data.attrib["offset"])
    flat = np.frombuffer(weights, dtype, math.prod(shape), offset)
    return flat.reshape(shape)
