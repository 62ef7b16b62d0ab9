"""What checks, in every call that a test makes, the shapes that annotations state.

`pytest --jaxtyping-packages` puts it around the functions of the packages that pyproject.toml
lists.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeVar

import jaxtyping
from beartype import BeartypeConf, beartype
from torch import Tensor

Function = TypeVar("Function", bound=Callable[..., Any])

# An int is a float, as PEP 484 has it.
_checked = beartype(conf=BeartypeConf(is_pep484_tower=True))

# Most modules import torch when a function is called, so that a refusal is quick. jaxtyping looks
# their annotations up in the module and finds there nothing that is imported for mypy alone.
for _type in (Tensor, jaxtyping.Float, jaxtyping.Integer, jaxtyping.UInt8):
    setattr(builtins, _type.__name__, _type)


def checked(function: Function) -> Function:
    """Check what the annotations say about tensors; all other types are mypy's to check."""
    if isinstance(function, FunctionType):
        annotations = function.__annotations__.items()
        function.__annotations__ = {
            name: hint for name, hint in annotations if "Tensor" in str(hint)
        }
    return _checked(function)
