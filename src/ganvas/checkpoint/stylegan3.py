"""NVIDIA's stylegan3, configurations T and R: pickled modules."""

from __future__ import annotations

from ganvas.checkpoint.ada import own_name
from ganvas.checkpoint.content import Checkpoint
from ganvas.checkpoint.machine import Record
from ganvas.checkpoint.modules import attribute, number, tensors, walk
from ganvas.checkpoint.shapes import mapping_widths
from ganvas.checkpoint.stored import Stored
from ganvas.errors import CheckpointError
from ganvas.generator.architecture import StyleGAN3Architecture, checked

PARTS = (
    "Generator",
    "MappingNetwork",
    "SynthesisNetwork",
    "SynthesisInput",
    "SynthesisLayer",
    "FullyConnectedLayer",
)

# What the network and its layers were given, under our names.
NETWORK = {
    "img_resolution": "resolution",
    "channel_base": "channel_base",
    "channel_max": "channel_max",
    "num_layers": "layers",
    "num_critical": "critical",
    "first_cutoff": "first_cutoff",
    "first_stopband": "first_stopband",
    "last_stopband_rel": "last_stopband",
    "margin_size": "margin",
    "output_scale": "output_scale",
    "num_fp16_res": "half",
    "conv_kernel": "kernel",
    "filter_size": "taps",
    "lrelu_upsampling": "oversampling",
    "use_radial_filters": "radial",
    "conv_clamp": "clamp",
}
IGNORED = {"w_dim", "img_channels", "magnitude_ema_beta"}


def read(generator: Record) -> Checkpoint:
    """Read a pickled StyleGAN3 generator; its own arguments say what it is."""
    modules = dict(walk(generator))
    for name, module in modules.items():
        if module.class_name not in PARTS:
            raise CheckpointError(
                f"'{name}' is a '{module.class_name}', which StyleGAN3 T and R do not have"
            )
    arguments = attribute(modules["synthesis"], "_init_kwargs")
    if not isinstance(arguments, dict):
        raise CheckpointError("the StyleGAN3 does not say how it was built, and T or R is no guess")
    unknown = set(arguments) - set(NETWORK) - IGNORED
    if unknown:
        raise CheckpointError(f"the StyleGAN3 was built with an unknown '{min(map(str, unknown))}'")
    if arguments.get("img_channels", 3) != 3:
        raise CheckpointError(f"the generator draws {arguments['img_channels']} channels, not 3")
    state = tensors(generator)
    embed = state.get("mapping.embed.weight")
    hyperparameters = {NETWORK[key]: value for key, value in arguments.items() if key in NETWORK}
    architecture = checked(
        StyleGAN3Architecture,
        hyperparameters
        | {
            "mapping": mapping_widths(state, "mapping.fc{}.weight"),
            "classes": 0 if embed is None else embed.shape[1],
            "embedding": 0 if embed is None else embed.shape[0],
            "rate": number(modules["mapping.fc0"], "bias_gain") or 0.01,
        },
    )
    return Checkpoint(
        f"NVIDIA stylegan3, pickled module, configuration {'R' if architecture.radial else 'T'}",
        architecture,
        rename(state),
    )


def rename(state: dict[str, Stored]) -> dict[str, Stored]:
    """Give NVIDIA's arrays our names: a layer's name says its place, not its size."""
    renamed: dict[str, Stored] = {}
    for key, value in state.items():
        layer, dot, rest = own_name(key).partition(".")
        renamed[f"{layer.split('_')[0] if layer[:1] == 'L' else layer}{dot}{rest}"] = value
    return renamed
