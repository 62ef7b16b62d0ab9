"""A generator with some other weights; all others are shared with the one that it comes from."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from itertools import chain
from typing import TypeVar

import torch
from torch import Tensor

from ganvas.errors import InputError, nearest
from ganvas.generator.base import Generator
from ganvas.generator.delta import Delta

CONSTANT = {
    "noise_const", "resample_filter", "up_filter", "down_filter", "magnitude_ema", "transform",
    "freqs", "phases",
}  # fmt: skip
"""What no training of a generator changes by its gradient."""

AnyGenerator = TypeVar("AnyGenerator", bound=Generator)


def weights_of(generator: Generator, layers: Collection[str]) -> tuple[str, ...]:
    """Return the names of the weights that the named layers are computed with.

    The input's weights belong to the first layer, the output's to the last one; those of the
    mapping network belong to none.

    Raises:
        ConfigError: There is no such layer, or the family does not say.
    """
    parts = [part for name in layers for part in generator.parts(generator.layer_index(name))]
    return tuple(
        key
        for key in generator.state_dict()
        if key.rpartition(".")[2] not in CONSTANT
        and any(key == part or key.startswith(f"{part}.") for part in parts)
    )


def with_weights(generator: AnyGenerator, weights: Mapping[str, Tensor]) -> AnyGenerator:
    """Return a generator with the given weights that shares every other tensor.

    It is known by the identity of the generator that it comes from.
    """
    base, identity = generator.base, generator.source_hash
    # What the memo knows already is not copied.
    memo: dict[int, object] = {id(t): t for t in chain(generator.parameters(), generator.buffers())}
    memo |= {id(base): base} if base is not generator else {}
    twin = copy.deepcopy(generator, memo)
    # Past nn.Module's registration: the base is no part of the twin.
    twin.__dict__.update(_base=base, source_hash=identity, delta=None)
    for name, value in weights.items():
        install(twin, name, value)
    return twin


def install(generator: Generator, name: str, value: Tensor) -> None:
    """Put a tensor, which may have a gradient, in the place of a weight."""
    owner, _, leaf = name.rpartition(".")
    module = generator.get_submodule(owner)
    module._parameters.pop(leaf, None)
    module._buffers[leaf] = value


def require_delta(image: str, own: Delta | None, delta: Delta | None) -> None:
    """Refuse the start of an image that is tuned to other weights than those that draw the run's.

    Raises:
        InputError: It is.
    """
    if own is not None and not own.is_same(delta):
        raise InputError(
            f"start.{image} is tuned to weights of its own, and a run draws with those of "
            "start.path; give it as start.path"
        )


@torch.no_grad()
def tuned(generator: Generator, delta: Delta | None) -> Generator:
    """Return the generator with a delta's weights; itself where it has them, or there is none.

    Raises:
        InputError: The delta does not fit the generator.
    """
    if delta is None or delta is generator.delta:
        return generator
    base = generator.base
    state, device = base.state_dict(), base.w_avg.device
    here, weights = delta.to(device), {}
    for name in delta.names:
        if name not in state:
            raise InputError(f"{base.name} has no weight '{name}' to tune{nearest(name, state)}")
        try:
            weights[name] = state[name] + here.of(name, state[name].shape).to(state[name])
        except (KeyError, RuntimeError) as error:
            raise InputError(f"the change of '{name}' does not fit {base.name}") from error
    twin = with_weights(base, weights)
    twin.delta = delta
    return twin
