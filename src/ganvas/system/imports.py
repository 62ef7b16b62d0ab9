"""Slow modules that a library imports and does not use here: it gets stand-ins for them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any


@contextmanager
def stand_ins(modules: Mapping[str, Mapping[str, Any]]) -> Iterator[None]:
    """Let what is imported meanwhile take attributes of some modules from here.

    A module that is imported already stays; whoever imports one afterwards gets the real one.

    Args:
        modules: Of each module by its full name, what stands for its attributes.
    """
    names = [name for name in modules if name not in sys.modules]
    for name in names:
        sys.modules[name] = ModuleType(name)
        vars(sys.modules[name]).update(modules[name])
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]
