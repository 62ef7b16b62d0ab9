"""rosinality's stylegan2-pytorch: a state dict of its own key names, in both directions."""

from __future__ import annotations

import re
from collections.abc import Callable

from torch import Tensor

from ganvas.checkpoint.content import Changed, Checkpoint
from ganvas.checkpoint.shapes import mapping_widths, shape
from ganvas.checkpoint.stored import Stored
from ganvas.errors import CheckpointError
from ganvas.generator.architecture import StyleGAN2Architecture

Change = Callable[[Tensor], Tensor]

# Our key's ending, theirs, and what turns theirs into ours and ours into theirs.
CONV: dict[str, tuple[str, Change, Change]] = {
    "weight": ("conv.weight", lambda t: t[0], lambda t: t[None]),
    "affine.weight": ("conv.modulation.weight", lambda t: t, lambda t: t),
    "affine.bias": ("conv.modulation.bias", lambda t: t, lambda t: t),
    "bias": ("activate.bias", lambda t: t, lambda t: t),
    "noise_strength": ("noise.weight", lambda t: t[0], lambda t: t[None]),
}
RGB: dict[str, tuple[str, Change, Change]] = {
    **{ours: CONV[ours] for ours in ("weight", "affine.weight", "affine.bias")},
    "bias": ("bias", lambda t: t.reshape(3), lambda t: t.reshape(1, 3, 1, 1)),
}
FILTER = re.compile(r"(convs\.\d+\.conv\.blur|to_rgbs\.\d+\.upsample)\.kernel")


def read(state: dict[str, Stored], latent_avg: Stored | None = None) -> Checkpoint:
    """Read a `g_ema` and, beside it, the mean of w."""
    depth = sum(bool(re.fullmatch(r"convs\.\d+\.conv\.weight", key)) for key in state)
    if depth % 2 or depth > 20:
        raise CheckpointError(f"the generator has {depth} convolutions, which is no StyleGAN2")
    resolutions = [4 << index for index in range(depth // 2 + 1)]
    widths = mapping_widths(state, "style.{}.weight", 1)
    tensors: dict[str, Stored] = {"b4.const": _changed(state, "input.input", lambda t: t[0])}
    used = {"input.input"}
    for index in range(len(widths) - 1):
        for part in ("weight", "bias"):
            tensors[f"mapper.fc{index}.{part}"] = _stored(state, f"style.{index + 1}.{part}")
            used.add(f"style.{index + 1}.{part}")
    for ours, theirs, table in _layers(resolutions):
        for part, (name, change, _) in table.items():
            tensors[f"{ours}.{part}"] = _changed(state, f"{theirs}.{name}", change)
            used.add(f"{theirs}.{name}")
    for number, ours in enumerate(_convolutions(resolutions)):
        if (key := f"noises.noise_{number}") in state:
            tensors[f"{ours}.noise_const"] = _changed(state, key, lambda t: t[0, 0])
            used.add(key)
    kernels = sorted(key for key in state if FILTER.fullmatch(key))
    if not kernels:
        raise CheckpointError("the upsampling filter is missing")
    tensors["resample_filter"] = _changed(state, kernels[0], lambda t: t / 4)
    if latent_avg is not None:
        tensors["w_avg"] = Changed(latent_avg, lambda t: t.reshape(-1))
    unknown = set(state) - used - set(kernels)
    if unknown:
        raise CheckpointError(f"'{min(unknown)}' belongs to no supported StyleGAN2")
    channels = [shape(state, "conv1.conv.weight", 5)[1]]
    channels += [
        shape(state, f"convs.{2 * index + 1}.conv.weight", 5)[1] for index in range(depth // 2)
    ]
    return Checkpoint(
        "rosinality stylegan2-pytorch",
        StyleGAN2Architecture(mapping=widths, channels=tuple(channels)),
        tensors,
        ("this layout has no clamp and no half-precision setting: neither is used",),
    )


def write(
    architecture: StyleGAN2Architecture, tensors: dict[str, Tensor]
) -> dict[str, dict[str, Tensor] | Tensor]:
    """Return what rosinality's code loads: `g_ema` and `latent_avg`.

    Raises:
        CheckpointError: That code has no such generator.
    """
    if architecture.layout != "skip" or architecture.classes or not architecture.noise:
        raise CheckpointError(
            "rosinality's code has neither labels nor the layouts "
            "resnet and orig; convert to safetensors or to nvidia instead"
        )
    resolutions = list(architecture.resolutions)
    state: dict[str, Tensor] = {"input.input": tensors["b4.const"][None]}
    for index in range(len(architecture.mapping) - 1):
        for part in ("weight", "bias"):
            state[f"style.{index + 1}.{part}"] = tensors[f"mapper.fc{index}.{part}"]
    for ours, theirs, table in _layers(resolutions):
        for part, (name, _, change) in table.items():
            state[f"{theirs}.{name}"] = change(tensors[f"{ours}.{part}"])
    for number, ours in enumerate(_convolutions(resolutions)):
        state[f"noises.noise_{number}"] = tensors[f"{ours}.noise_const"][None, None]
    for index in range(len(resolutions) - 1):
        for key in (f"convs.{2 * index}.conv.blur.kernel", f"to_rgbs.{index}.upsample.kernel"):
            state[key] = tensors["resample_filter"] * 4
    return {"g_ema": state, "latent_avg": tensors["w_avg"]}


def _layers(
    resolutions: list[int],
) -> list[tuple[str, str, dict[str, tuple[str, Change, Change]]]]:
    convolutions = ["conv1", *(f"convs.{index}" for index in range(2 * len(resolutions) - 2))]
    rgbs = ["to_rgb1", *(f"to_rgbs.{index}" for index in range(len(resolutions) - 1))]
    layers = [
        (ours, theirs, CONV)
        for ours, theirs in zip(_convolutions(resolutions), convolutions, strict=True)
    ]
    layers += [
        (f"b{resolution}.torgb", theirs, RGB)
        for resolution, theirs in zip(resolutions, rgbs, strict=True)
    ]
    return layers


def _convolutions(resolutions: list[int]) -> list[str]:
    return ["b4.conv1", *(f"b{r}.conv{which}" for r in resolutions[1:] for which in (0, 1))]


def _stored(state: dict[str, Stored], key: str) -> Stored:
    if key not in state:
        raise CheckpointError(f"'{key}' is missing")
    return state[key]


def _changed(state: dict[str, Stored], key: str, change: Change) -> Changed:
    return Changed(_stored(state, key), change)
