"""StyleGAN1: TensorFlow's variables, and the flat state dict of its PyTorch port."""

from __future__ import annotations

import re
from collections.abc import Callable

from torch import Tensor

from ganvas.checkpoint.content import Changed, Checkpoint
from ganvas.checkpoint.shapes import mapping_widths, shape
from ganvas.checkpoint.stored import Stored
from ganvas.errors import CheckpointError
from ganvas.generator.architecture import StyleGAN1Architecture

Change = Callable[[Tensor], Tensor]

PORT_EPSILON = 1e-5


def _same(t: Tensor) -> Tensor:
    return t


def _transposed(t: Tensor) -> Tensor:
    return t.T


def _first(t: Tensor) -> Tensor:
    return t[0]


def _kernel(t: Tensor) -> Tensor:
    return t.permute(3, 2, 0, 1)


# Patterns of a name, our name, and the change; an empty name drops the array.
TENSORFLOW: list[tuple[str, str, Change]] = [
    (r"dlatent_avg", "w_avg", _same),
    (r"lod|synthesis/lod|synthesis/ToRGB_lod[1-9]\d*/.*", "", _same),
    (r"mapping/Dense(\d+)/weight", r"mapper.fc\1.weight", _transposed),
    (r"mapping/Dense(\d+)/bias", r"mapper.fc\1.bias", _same),
    (r"mapping/LabelConcat/weight", "mapper.embed", _same),
    (r"synthesis/4x4/Const/const", "b4.const.const", _first),
    (r"synthesis/(\d+)x\d+/(\w+)/weight", r"b\1.\2.weight", _kernel),
    (r"synthesis/(\d+)x\d+/(\w+)/bias", r"b\1.\2.bias", _same),
    (r"synthesis/(\d+)x\d+/(\w+)/Noise/weight", r"b\1.\2.noise_strength", _same),
    (r"synthesis/(\d+)x\d+/(\w+)/StyleMod/weight", r"b\1.\2.affine.weight", _transposed),
    (r"synthesis/(\d+)x\d+/(\w+)/StyleMod/bias", r"b\1.\2.affine.bias", _same),
    (r"synthesis/ToRGB_lod0/weight", "torgb.weight", _kernel),
    (r"synthesis/ToRGB_lod0/bias", "torgb.bias", _same),
]
PORT: list[tuple[str, str, Change]] = [
    (r"truncation\.avg_latent", "w_avg", lambda t: t.reshape(-1)),
    (r"g_synthesis\.blocks\.\d+x\d+\.conv0_up\.intermediate\.kernel", "", _same),
    (r"g_mapping\.dense(\d+)\.(weight|bias)", r"mapper.fc\1.\2", _same),
    (r"g_synthesis\.blocks\.4x4\.const", "b4.const.const", _first),
    (r"g_synthesis\.blocks\.4x4\.bias", "b4.const.bias", _same),
    (r"g_synthesis\.blocks\.(\d+)x\d+\.(conv\w*)\.(weight|bias)", r"b\1.\2.\3", _same),
    (
        r"g_synthesis\.blocks\.(\d+)x\d+\.(epi[12])\.top_epi\.noise\.weight",
        r"b\1.\2.noise_strength",
        _same,
    ),
    (
        r"g_synthesis\.blocks\.(\d+)x\d+\.(epi[12])\.style_mod\.lin\.(weight|bias)",
        r"b\1.\2.affine.\3",
        _same,
    ),
    (r"g_synthesis\.torgb\.(weight|bias)", r"torgb.\1", _same),
]
LAYERS = {
    "Conv": "conv1",
    "Conv0_up": "conv0",
    "Conv1": "conv1",
    "Const": "const",
    "conv": "conv1",
    "conv0_up": "conv0",
    "epi2": "conv1",
}


def read_tensorflow(variables: dict[str, Stored]) -> Checkpoint:
    """Read the variables of a TensorFlow StyleGAN1."""
    noise = {name: value for name, value in variables.items() if "/noise" in name}
    tensors = _renamed({k: v for k, v in variables.items() if k not in noise}, TENSORFLOW)
    for name, value in noise.items():
        if not (m := re.fullmatch(r"synthesis/noise(\d{1,2})", name)):
            raise CheckpointError(f"'{name}' belongs to no supported StyleGAN1")
        number = int(m[1])
        layer = "const" if number == 0 else f"conv{number % 2}"
        tensors[f"b{4 << number // 2}.{layer}.noise_const"] = Changed(value, lambda t: t[0, 0])
    return Checkpoint("NVIDIA StyleGAN1, TensorFlow pickle", _architecture(tensors), tensors)


def read_port(state: dict[str, Stored]) -> Checkpoint:
    """Read the flat state dict of the PyTorch port, which normalises with a larger epsilon."""
    tensors = _renamed(state, PORT)
    return Checkpoint(
        "StyleGAN1, state dict of its PyTorch port",
        _architecture(tensors, PORT_EPSILON),
        tensors,
    )


def _renamed(
    state: dict[str, Stored], patterns: list[tuple[str, str, Change]]
) -> dict[str, Stored]:
    renamed: dict[str, Stored] = {}
    for name, value in state.items():
        for pattern, ours, change in patterns:
            if m := re.fullmatch(pattern, name):
                if ours:
                    renamed[_layer(m.expand(ours))] = Changed(value, change)
                break
        else:
            raise CheckpointError(f"'{name}' belongs to no supported StyleGAN1")
    return renamed


def _layer(key: str) -> str:
    block, dot, rest = key.partition(".")
    layer, _, part = rest.partition(".")
    if layer == "epi1":
        layer = "const" if block == "b4" else "conv0"
    return f"{block}.{LAYERS.get(layer, layer)}.{part}" if dot and part else key


def _architecture(tensors: dict[str, Stored], epsilon: float = 1e-8) -> StyleGAN1Architecture:
    if "b4.const.const" not in tensors or len(tensors["b4.const.const"].shape) != 3:
        raise CheckpointError("not a StyleGAN1 generator: the constant at 4² is missing")
    channels = [tensors["b4.const.const"].shape[0]]
    while (key := f"b{4 << len(channels)}.conv1.weight") in tensors:
        channels.append(shape(tensors, key, 4)[0])
    rgb = shape(tensors, "torgb.weight", 4)
    if rgb[0] != 3:
        raise CheckpointError(f"the generator draws {rgb[0]} channels; 3 are supported")
    embed = tensors.get("mapper.embed")
    return StyleGAN1Architecture(
        mapping=mapping_widths(tensors, "mapper.fc{}.weight"),
        channels=tuple(channels),
        classes=0 if embed is None else embed.shape[0],
        embedding=0 if embed is None else embed.shape[1],
        epsilon=epsilon,
    )
