"""What checks, in every call that a test makes, the types and shapes that annotations state.

`pytest --jaxtyping-packages` puts it around the functions of the packages that
pyproject.toml lists.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeVar

import jaxtyping
from beartype import BeartypeConf, beartype
from torch import Tensor

Function = TypeVar("Function", bound=Callable[..., Any])

# An int is a float, as PEP 484 has it.
_checked = beartype(conf=BeartypeConf(is_pep484_tower=True))
# Most modules import torch when a function is called, so that a refusal is quick; their annotations
# name it all the same.
_TYPES = {"Tensor": Tensor, "Float": jaxtyping.Float, "Int": jaxtyping.Int}


def checked(function: Function) -> Function:
    """Check what the annotations say about tensors.

    Other types are mypy's to check: many of them are imported for it alone.
    """
    if not isinstance(function, FunctionType):
        return _checked(function)
    annotations = inspect.get_annotations(function)
    for name, annotation in list(annotations.items()):
        if "Tensor" not in str(annotation):
            del annotations[name]
        elif isinstance(annotation, str):
            annotations[name] = _evaluated(annotation, function)
    function.__annotations__ = annotations
    return _checked(function)


def _evaluated(annotation: str, function: FunctionType) -> object:
    return eval(annotation, _TYPES | function.__globals__)
