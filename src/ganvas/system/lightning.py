"""Lightning, imported in a third of the time: without what it would import and not use here.

Lightning imports all of torchmetrics, which imports torchvision, SciPy's signal processing and
Matplotlib where they are installed: six seconds of computing for metrics that nothing here calls.
It also imports torch's compiler, four seconds more, to ask whether a module has been compiled, and
Triton, half a second, to count operations for a summary that nobody asks for.
"""

from __future__ import annotations

import importlib
import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from lightning_utilities.core import imports

from ganvas.system.imports import stand_ins

if TYPE_CHECKING:
    import torch

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


with without(UNUSED), stand_ins(STAND_INS):
    import pytorch_lightning as pl
    from lightning_fabric.plugins.environments.lightning import LightningEnvironment
    from pytorch_lightning.core.optimizer import LightningOptimizer

__all__ = ["LightningOptimizer", "fit_steps", "pl", "quiet_lightning"]


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Silence Lightning's advice, which is about data loaders, hardware and other products."""
    talkers = [
        logging.getLogger(f"pytorch_lightning{name}") for name in ("", ".utilities.rank_zero")
    ]
    levels = [talker.level for talker in talkers]
    for talker in talkers:
        talker.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            for pattern in (
                ".*does not have many workers.*",
                ".*`srun` command is available.*",
                ".*isinstance\\(treespec, LeafSpec\\).*",
                ".*GPU available but not used.*",
            ):
                warnings.filterwarnings("ignore", pattern)
            yield
    finally:
        for talker, level in zip(talkers, levels, strict=True):
            talker.setLevel(level)


def fit_steps(
    module: pl.LightningModule,
    steps: range,
    device: torch.device,
    precision: str,
    callback: pl.Callback,
    clip: float | None = None,
) -> None:
    """Take some steps of a module, whose batches are their numbers, on one device.

    Args:
        module: What is fitted.
        steps: The numbers of the steps.
        device: Where.
        precision: As Lightning calls it.
        callback: Sees every step.
        clip: Greatest norm of the gradient of an automatically optimised module; None: any.

    Raises:
        KeyboardInterrupt: On Ctrl-C.
    """
    with quiet_lightning():
        trainer = pl.Trainer(
            accelerator="gpu" if device.type == "cuda" else "cpu",
            devices=[device.index or 0] if device.type == "cuda" else 1,
            precision=precision,  # type: ignore[arg-type]
            # One process: a cluster's variables are of no concern, nor is its requeueing.
            plugins=[LightningEnvironment()],
            max_epochs=1,
            gradient_clip_val=clip,
            callbacks=[callback],
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        try:
            trainer.fit(module, train_dataloaders=steps)
        except SystemExit as error:
            # Lightning's answer to Ctrl-C.
            raise KeyboardInterrupt from error
    # Lightning leaves the module in the CPU's memory, away from what it works with.
    module.to(device)
