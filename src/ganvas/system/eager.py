"""torch's optimisers without torch's compiler, whose import takes longer than a short run."""

from __future__ import annotations

import inspect
from typing import TypeVar

import torch

GUARDED = ("add_param_group", "load_state_dict", "state_dict", "zero_grad")
"""Methods that torch hides from its compiler; for that it imports the compiler."""

Chosen = TypeVar("Chosen", bound=torch.optim.Optimizer)


def eager(base: type[Chosen]) -> type[Chosen]:
    """Return an optimiser that computes what `base` does, and is not to be compiled.

    The methods are those of `base` as they were written, without the guards around them, whose
    first call imports `torch._dynamo`: four CPU seconds. One guard also switches gradients off in
    `step`; that is kept.
    """
    methods = {name: inspect.unwrap(getattr(base, name)) for name in GUARDED}
    methods["step"] = torch.no_grad()(inspect.unwrap(base.step))
    return type(base.__name__, (base,), methods)
