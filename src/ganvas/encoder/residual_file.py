"""The part of an encoder's file that is that of a residual one: a network and its settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from ganvas.config.schema import build, check
from ganvas.encoder.maps import Maps
from ganvas.encoder.metadata import mapping
from ganvas.encoder.network import Network, Outputs
from ganvas.encoder.residual_encoder import ResidualEncoder
from ganvas.encoder.settings import MOST_LOOKS
from ganvas.encoder.widths import Widths

NETWORK = "network/"


def packed(encoder: ResidualEncoder) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the tensors and the settings, as text, that make the encoder."""
    state = encoder.network.state_dict()
    tensors = {NETWORK + name: value.half() for name, value in state.items()}
    tensors |= {"basis": encoder.basis.half(), "mean_picture": encoder.mean_picture}
    settings = {
        "maps": json.dumps(asdict(encoder.maps)),
        "widths": json.dumps(asdict(encoder.widths)),
        "outputs": json.dumps(asdict(encoder.network.outputs)),
        "iterations": str(encoder.iterations),
    }
    return tensors, settings


def unpacked(
    tensors: Mapping[str, Tensor], metadata: Mapping[str, str], common: dict[str, Any]
) -> ResidualEncoder:
    """Return the encoder of a file.

    Args:
        tensors: The file's tensors.
        metadata: Its metadata.
        common: The fields that all encoders have.

    Raises:
        KeyError: A part is missing.
        ValueError: A part is not what `packed` gives.
        ConfigError: A setting is none.
    """
    maps: Maps = build(check(mapping(metadata, "maps"), Maps, "maps"))
    widths: Widths = build(check(mapping(metadata, "widths"), Widths, "widths"))
    outputs: Outputs = build(check(mapping(metadata, "outputs"), Outputs, "outputs"))
    basis, mean_picture = tensors["basis"].float(), tensors["mean_picture"]
    side = mean_picture.shape[-1]
    if mean_picture.dtype != torch.uint8 or mean_picture.shape != (1, 3, side, side):
        raise ValueError("'mean_picture' is no picture")
    if basis.shape != (outputs.w_dim,) * 2:
        raise ValueError(f"'basis' is not that of rows of {outputs.w_dim}")
    iterations = int(metadata["iterations"])
    if not 1 <= iterations <= MOST_LOOKS:
        raise ValueError(f"'iterations' is {iterations}")
    return ResidualEncoder(
        maps=maps,
        widths=widths,
        network=_network(tensors, maps, widths, outputs),
        basis=basis,
        mean_picture=mean_picture,
        iterations=iterations,
        **common,
    )


def _network(
    tensors: Mapping[str, Tensor], maps: Maps, widths: Widths, outputs: Outputs
) -> Network:
    """Return the network; no memory is taken before its tensors are found to be of its shapes."""
    with torch.device("meta"):
        network = Network(maps, widths, outputs)
    state = {
        name.removeprefix(NETWORK): value.float()
        for name, value in tensors.items()
        if name.startswith(NETWORK)
    }
    wanted = {name: value.shape for name, value in network.state_dict().items()}
    if wanted != {name: value.shape for name, value in state.items()}:
        raise ValueError("its tensors are not those of the network that it describes")
    network.load_state_dict(state, assign=True)
    return network.requires_grad_(False)
