"""Computing without gradients, in modules that do not wait for torch when they are imported."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Returned = TypeVar("Returned")


def no_grad(function: Callable[Given, Returned]) -> Callable[Given, Returned]:
    """Decorate a function as `torch.no_grad` does; torch is imported when it is called.

    A generator function needs `with torch.no_grad()` around each of its computations instead.
    """

    @wraps(function)
    def call(*args: Given.args, **kwargs: Given.kwargs) -> Returned:
        import torch

        with torch.no_grad():
            return function(*args, **kwargs)

    return call
