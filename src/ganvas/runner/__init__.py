"""A run, from its configuration to its finished folder."""

from ganvas.runner.settings import Budget, Experiment, Trainer

__all__ = ["Budget", "Experiment", "Trainer"]
