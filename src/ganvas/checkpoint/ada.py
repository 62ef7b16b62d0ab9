"""NVIDIA's stylegan2-ada-pytorch, and the StyleGAN2 of its stylegan3: pickled modules."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from ganvas.checkpoint.content import Checkpoint
from ganvas.checkpoint.machine import Record
from ganvas.checkpoint.modules import attribute, number, tensors, walk
from ganvas.checkpoint.shapes import blocks, mapping_widths, shape
from ganvas.checkpoint.stored import Stored
from ganvas.errors import CheckpointError
from ganvas.generator.architecture import StyleGAN2Architecture

FILTER = ".resample_filter"
PARTS = (
    "Generator",
    "MappingNetwork",
    "SynthesisNetwork",
    "SynthesisBlock",
    "SynthesisLayer",
    "ToRGBLayer",
    "FullyConnectedLayer",
    "Conv2dLayer",
)


def read(generator: Record) -> Checkpoint:
    """Read a pickled StyleGAN2 generator."""
    architecture = architecture_of(tensors(generator))
    modules = dict(walk(generator))
    for name, module in modules.items():
        if module.class_name not in PARTS:
            raise CheckpointError(
                f"'{name}' is a '{module.class_name}', which no supported architecture has "
                "(StyleGAN2 in its skip, resnet and orig layouts, StyleGAN3 T and R, StyleGAN1)"
            )
        if attribute(module, "activation") not in (None, "lrelu", "linear"):
            raise CheckpointError(
                f"'{name}' uses the activation '{attribute(module, 'activation')}'"
            )
    top = max(architecture.resolutions)
    last = modules[f"synthesis.b{top}.conv1"]
    half = sum(
        bool(attribute(modules[f"synthesis.b{resolution}"], "use_fp16"))
        for resolution in architecture.resolutions
    )
    return Checkpoint(
        "NVIDIA stylegan2-ada-pytorch, pickled module",
        replace(
            architecture,
            clamp=number(last, "conv_clamp"),
            half=half,
            rate=number(modules["mapping.fc0"], "bias_gain") or architecture.rate,
        ),
        rename(tensors(generator)),
    )


def read_state(state: dict[str, Stored]) -> Checkpoint:
    """Read a state dict with NVIDIA's key names."""
    return Checkpoint(
        "NVIDIA stylegan2-ada-pytorch, state dict",
        architecture_of(state),
        rename(state),
        ("a state dict has no clamp and no half-precision setting: neither is used",),
    )


def write(architecture: StyleGAN2Architecture, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return a state dict that NVIDIA's generator loads: each resampling module has the filter."""
    state = {_their_name(key): value for key, value in tensors.items() if key != "resample_filter"}
    for resolution in architecture.resolutions:
        block = f"synthesis.b{resolution}"
        modules = [block, f"{block}.conv1"]
        modules += [f"{block}.conv0"] if resolution > 4 else []
        modules += [f"{block}.skip"] if f"b{resolution}.skip.weight" in tensors else []
        for module in modules:
            state[module + FILTER] = tensors["resample_filter"]
    return state


def _their_name(key: str) -> str:
    if key == "w_avg":
        return "mapping.w_avg"
    return key.replace("mapper.", "mapping.", 1) if "mapper." in key else f"synthesis.{key}"


def rename(state: dict[str, Stored]) -> dict[str, Stored]:
    """Give NVIDIA's arrays our names: one filter for all, and the mean of w, stand at the top."""
    renamed = {own_name(key): value for key, value in state.items() if not key.endswith(FILTER)}
    return renamed | {"resample_filter": state[f"synthesis.b4{FILTER}"]}


def own_name(key: str) -> str:
    """Return our name of one of NVIDIA's arrays."""
    if key == "mapping.w_avg":
        return "w_avg"
    return key.removeprefix("synthesis.").replace("mapping.", "mapper.", 1)


def architecture_of(state: dict[str, Stored]) -> StyleGAN2Architecture:
    """Read off the shapes what the shapes say."""
    resolutions = blocks(state)
    first = state.get("synthesis.b4.const")
    if first is None or "synthesis.b4.resample_filter" not in state or len(first.shape) != 3:
        raise CheckpointError("no StyleGAN2 generator: the constant or the filter at 4² is missing")
    channels = [first.shape[0]]
    channels += [shape(state, f"synthesis.b{r}.conv1.weight", 4)[0] for r in resolutions[1:]]
    rgb = shape(state, f"synthesis.b{resolutions[-1]}.torgb.weight", 4)
    if rgb[0] != 3:
        raise CheckpointError(f"the generator draws {rgb[0]} channels; 3 are supported")
    skip = len(resolutions) == 1 or "synthesis.b4.torgb.weight" in state
    resnet = len(resolutions) > 1 and f"synthesis.b{resolutions[1]}.skip.weight" in state
    embed = state.get("mapping.embed.weight")
    return StyleGAN2Architecture(
        mapping=mapping_widths(state, "mapping.fc{}.weight"),
        channels=tuple(channels),
        classes=0 if embed is None else embed.shape[1],
        embedding=0 if embed is None else embed.shape[0],
        layout="skip" if skip else "resnet" if resnet else "orig",
        noise="synthesis.b4.conv1.noise_strength" in state,
    )
