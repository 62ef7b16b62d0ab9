"""A run, from its configuration to its finished folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ganvas.runner.settings import Budget, Experiment, Trainer

__all__ = ["Budget", "Experiment", "Trainer"]


def __getattr__(name: str) -> Any:
    # Deferred, so that a run on disk can be read, listed and deleted without waiting for torch.
    if name in __all__:
        from ganvas.runner import settings

        return getattr(settings, name)
    raise AttributeError(f"module 'ganvas.runner' has no attribute '{name}'")
