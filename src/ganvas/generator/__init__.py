"""Generators (`generator=`): frozen synthesis networks behind one interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ganvas.generator.config import GeneratorConfig

if TYPE_CHECKING:
    from ganvas.generator.base import Activation, Generator, Layer

__all__ = ["Activation", "Generator", "GeneratorConfig", "Layer"]


def __getattr__(name: str) -> Any:
    # Deferred, so that an experiment is checked without waiting for torch.
    if name in __all__:
        from ganvas.generator import base

        return getattr(base, name)
    raise AttributeError(f"module 'ganvas.generator' has no attribute '{name}'")
