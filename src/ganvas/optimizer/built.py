"""The torch optimiser that an option builds, which may be somebody else's."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from ganvas.errors import ConfigError
from ganvas.optimizer.base import Optimizer, Sensitivity


def built(
    optimizer: Optimizer, parameters: Iterable[nn.Parameter], sensitivity: Sensitivity
) -> torch.optim.Optimizer:
    """Build the optimiser of a kind of variable.

    Raises:
        ConfigError: What is built is none, or holds other tensors than it was given.
    """
    parameters = list(parameters)
    made = optimizer.build(parameters, sensitivity)
    name = f"{type(optimizer).__name__}.build"
    if not isinstance(made, torch.optim.Optimizer):
        raise ConfigError(f"{name} gives {type(made).__name__}, not a torch.optim.Optimizer")
    held = {id(tensor) for group in made.param_groups for tensor in group["params"]}
    if held != {id(parameter) for parameter in parameters}:
        raise ConfigError(f"{name} gives an optimiser of other tensors than those it was given")
    return made
