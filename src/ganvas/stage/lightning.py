"""Lightning, imported in a third of the time: without what it would import and not use here.

Lightning imports all of torchmetrics, which imports torchvision, SciPy's signal processing and
Matplotlib where they are installed: six seconds of computing for metrics that nothing here calls.
It also imports torch's compiler, four seconds more, to ask whether a module has been compiled, and
Triton, half a second, to count operations for a summary that nobody asks for.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any
from unittest.mock import patch

from lightning_utilities.core import imports

UNUSED = frozenset({"torchvision", "scipy", "matplotlib", "onnxruntime", "lpips", "transformers"})

COMPILER = "torch._dynamo"

COUNTER = "torch.utils.flop_counter"


@contextmanager
def without(packages: frozenset[str]) -> Iterator[None]:
    """Let Lightning's libraries take some packages as not installed while they are imported.

    In this process torchmetrics then has no metric that needs them, and draws no plots; whoever
    wants those imports torchmetrics before ganvas runs something.
    """
    available, met = imports.package_available, imports.RequirementCache.__bool__

    def package_available(name: str) -> bool:
        return name.partition(".")[0] not in packages and available(name)

    def is_met(requirement: imports.RequirementCache) -> bool:
        name = requirement.requirement or requirement.module or ""
        return name.partition(">")[0] not in packages and met(requirement)

    with (
        patch.object(imports, "package_available", package_available),
        patch.object(imports.RequirementCache, "__bool__", is_met),
    ):
        yield


class _IfCompiled(type):
    """Answers `isinstance` as `torch._dynamo.OptimizedModule` does, where there is that class."""

    def __instancecheck__(cls, instance: object) -> bool:
        compiler = sys.modules.get(COMPILER)
        return compiler is not None and isinstance(instance, compiler.OptimizedModule)


class OptimizedModule(metaclass=_IfCompiled):
    """Stands for `torch._dynamo.OptimizedModule`, without importing it."""


def disable(function: Any = None, *_: Any, **__: Any) -> Any:
    """Stands for `torch._dynamo.disable`: returns the function, or a decorator that does so."""
    return disable if function is None else function


def FlopCounterMode(*arguments: Any, **options: Any) -> Any:  # noqa: N802
    """Stands for the class of this name, and makes one: imports it when a summary is asked for."""
    return importlib.import_module(COUNTER).FlopCounterMode(*arguments, **options)


STAND_INS: dict[str, dict[str, Any]] = {
    COMPILER: {"OptimizedModule": OptimizedModule, "disable": disable},
    COUNTER: {"FlopCounterMode": FlopCounterMode},
}
"""What Lightning's modules take from each of torch's slow modules."""


@contextmanager
def deferred() -> Iterator[None]:
    """Let Lightning's modules take torch's slow ones from stand-ins while they are imported."""
    names = [name for name in STAND_INS if name not in sys.modules]
    for name in names:
        sys.modules[name] = ModuleType(name)
        vars(sys.modules[name]).update(STAND_INS[name])
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]


with without(UNUSED), deferred():
    import pytorch_lightning as pl
    from lightning_fabric.plugins.environments.lightning import LightningEnvironment
    from pytorch_lightning.core.optimizer import LightningOptimizer

__all__ = ["LightningEnvironment", "LightningOptimizer", "pl"]
