"""NVIDIA's TensorFlow pickles of StyleGAN2 and StyleGAN1: networks as lists of named variables."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from ganvas.checkpoint import stylegan1
from ganvas.checkpoint.ada import architecture_of, rename
from ganvas.checkpoint.content import Changed, Checkpoint
from ganvas.checkpoint.machine import Record
from ganvas.checkpoint.stored import NumpyArray, Stored
from ganvas.errors import CheckpointError

Change = Callable[[Tensor], Tensor]

LAYERS = {"Conv": "conv1", "Conv0_up": "conv0", "Conv1": "conv1", "ToRGB": "torgb", "Skip": "skip"}


def read(network: Record) -> Checkpoint:
    """Read a generator that TensorFlow's StyleGAN2 or StyleGAN1 code pickled."""
    variables = dict(_variables(network))
    if any("/StyleMod/" in name for name in variables):
        return stylegan1.read_tensorflow(variables)
    if not any(name.endswith("/mod_weight") for name in variables):
        raise CheckpointError("the TensorFlow network is neither a StyleGAN1 nor a StyleGAN2")
    return _read_stylegan2(variables, _arguments(network))


def _variables(network: Record, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Stored]]:
    state = network.state if isinstance(network.state, dict) else {}
    variables, components = state.get("variables", []), state.get("components", {})
    if not isinstance(variables, list) or not isinstance(components, dict) or depth > 3:
        raise CheckpointError("the TensorFlow network has no readable variables")
    for entry in variables:
        if not isinstance(entry, tuple) or len(entry) != 2:
            raise CheckpointError("the TensorFlow network has no readable variables")
        name, value = entry
        if isinstance(value, NumpyArray):
            yield f"{prefix}{name}", value
        elif not isinstance(value, int | float):
            raise CheckpointError(f"the TensorFlow variable '{str(name)[:60]}' is no array")
    for name, component in components.items():
        if isinstance(component, Record):
            yield from _variables(component, f"{prefix}{name}/", depth + 1)


def _arguments(network: Record) -> dict[str, object]:
    arguments = network.state.get("static_kwargs", {}) if isinstance(network.state, dict) else {}
    if not isinstance(arguments, dict):
        return {}
    return {str(key): value for key, value in arguments.items()}


def _read_stylegan2(variables: dict[str, Stored], arguments: dict[str, object]) -> Checkpoint:
    if arguments.get("nonlinearity", "lrelu") != "lrelu":
        raise CheckpointError(f"the generator uses the activation '{arguments['nonlinearity']}'")
    state: dict[str, Stored] = {}
    for name, value in variables.items():
        destination = _destination(name)
        if destination is None:
            raise CheckpointError(f"the TensorFlow variable '{name}' fits no supported layout")
        key, change = destination
        if key:
            state[key] = Changed(value, change)
    resolutions = {int(m[1]) for key in state if (m := re.match(r"synthesis\.b(\d+)\.", key))}
    for key in [key for key in state if key.startswith("top.")]:
        state[f"synthesis.b{max(resolutions, default=4)}.torgb{key.removeprefix('top')}"] = (
            state.pop(key)
        )
    taps = arguments.get("resample_kernel") or [1, 3, 3, 1]
    state["synthesis.b4.resample_filter"] = _Filter(taps)
    architecture, renamed = architecture_of(state), rename(state)
    return Checkpoint("NVIDIA StyleGAN2, TensorFlow pickle", architecture, renamed)


def _destination(name: str) -> tuple[str, Change] | None:
    """Return NVIDIA's PyTorch name for a variable and the change; an empty name drops it."""
    if name == "dlatent_avg":
        return "mapping.w_avg", _same
    if name in ("lod", "synthesis/lod") or re.match(r"synthesis/ToRGB_lod[1-9]", name):
        return "", _same
    if m := re.fullmatch(r"mapping/Dense(\d+)/(weight|bias)", name):
        return f"mapping.fc{m[1]}.{m[2]}", _transposed if m[2] == "weight" else _same
    if m := re.fullmatch(r"mapping/LabelEmbed/(weight|bias)", name):
        return f"mapping.embed.{m[1]}", _transposed if m[1] == "weight" else _same
    if name == "synthesis/4x4/Const/const":
        return "synthesis.b4.const", _first
    if m := re.fullmatch(r"synthesis/noise(\d{1,2})", name):
        number = int(m[1])
        layer = f"b{4 << (number + 1) // 2}.conv{1 if number == 0 else 1 - number % 2}"
        return f"synthesis.{layer}.noise_const", lambda t: t[0, 0]
    if m := re.fullmatch(r"synthesis/ToRGB_lod0/(\w+)", name):
        return _part("top", "ToRGB", m[1])
    if m := re.fullmatch(r"synthesis/(\d+)x\1/(\w+)/(\w+)", name):
        return _part(f"synthesis.b{m[1]}.{LAYERS.get(m[2], '?')}", m[2], m[3])
    return None


def _part(layer: str, layer_name: str, part: str) -> tuple[str, Change] | None:
    flipped = layer_name in ("Conv0_up", "Skip")
    changes: dict[str, tuple[str, Change]] = {
        "weight": ("weight", _flipped_kernel if flipped else _kernel),
        "mod_weight": ("affine.weight", _transposed),
        "mod_bias": ("affine.bias", lambda t: t + 1),
        "bias": ("bias", _same),
        "noise_strength": ("noise_strength", _same),
    }
    if part not in changes or layer.endswith("?"):
        return None
    return f"{layer}.{changes[part][0]}", changes[part][1]


def _same(t: Tensor) -> Tensor:
    return t


def _first(t: Tensor) -> Tensor:
    return t[0]


def _transposed(t: Tensor) -> Tensor:
    return t.T


def _kernel(t: Tensor) -> Tensor:
    return t.permute(3, 2, 0, 1)


def _flipped_kernel(t: Tensor) -> Tensor:
    return t.flip(0, 1).permute(3, 2, 0, 1)


class _Filter:
    """The resampling filter, which these files hold as the taps of one axis."""

    shape = (4, 4)

    def __init__(self, taps: object) -> None:
        if not isinstance(taps, list | tuple) or len(taps) != 4:
            raise CheckpointError("the resampling filter has not 4 taps")
        if not all(isinstance(tap, int | float) and math.isfinite(tap) for tap in taps):
            raise CheckpointError("the resampling filter is made of something other than numbers")
        self._taps = torch.tensor([float(tap) for tap in taps])

    def load(self) -> Tensor:
        """Return the filter (4, 4) of sum one."""
        kernel = self._taps.outer(self._taps)
        return kernel / kernel.sum()
