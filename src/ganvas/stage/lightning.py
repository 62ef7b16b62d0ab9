"""Lightning, imported in half the time: without packages that it would import and not use here.

Lightning imports all of torchmetrics, which imports torchvision, SciPy's signal processing and
Matplotlib where they are installed: six seconds of computing for metrics that nothing here calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from lightning_utilities.core import imports

UNUSED = frozenset({"torchvision", "scipy", "matplotlib", "onnxruntime", "lpips", "transformers"})


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


with without(UNUSED):
    import pytorch_lightning as pl
    from lightning_fabric.plugins.environments.lightning import LightningEnvironment
    from pytorch_lightning.core.optimizer import LightningOptimizer

__all__ = ["LightningEnvironment", "LightningOptimizer", "pl"]
