"""An encoder's file: safetensors in float16 and the training record as text.

A file may come from a stranger. Nothing that it names is imported, and what training could not have
written is refused with the name of the part that is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganvas.assets.packaged import packaged
from ganvas.encoder.encoder import Encoder
from ganvas.encoder.linear_encoder import LinearEncoder
from ganvas.encoder.metadata import mapping
from ganvas.version import __version__

if TYPE_CHECKING:
    from torch import Tensor

LINEAR, RESIDUAL = "ganvas-encoder-1", "ganvas-encoder-2"


def save_encoder(encoder: Encoder, path: Path) -> None:
    """Write one file, whole or not at all; equal encoders give equal bytes.

    Raises:
        StorageError: The file cannot be written.
    """
    from ganvas.encoder import linear_file, residual_file
    from ganvas.encoder.residual_encoder import ResidualEncoder
    from ganvas.system.tensors import write_tensors

    if isinstance(encoder, LinearEncoder):
        file_format, (tensors, settings) = LINEAR, linear_file.packed(encoder)
    else:
        assert isinstance(encoder, ResidualEncoder)
        file_format, (tensors, settings) = RESIDUAL, residual_file.packed(encoder)
    metadata = {
        "format": file_format,
        "ganvas": __version__,
        "generator": encoder.generator,
        "generator_hash": encoder.generator_hash,
        "generator_resolution": str(encoder.generator_resolution),
        "record": json.dumps(encoder.record),
    }
    write_tensors(path, tensors, metadata | settings)


def load_encoder(path: Path) -> Encoder:
    """Read a file that `save_encoder` wrote.

    Raises:
        InputError: The file is missing, broken, or no encoder.
    """
    from ganvas.system.tensors import read_as

    return read_as("encoder", packaged(path), (LINEAR, RESIDUAL), _restored)


def _restored(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> Encoder:
    from ganvas.encoder import linear_file, residual_file

    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            raise ValueError(f"'{name}' holds numbers that are not finite")
    unpacked = linear_file.unpacked if metadata["format"] == LINEAR else residual_file.unpacked
    return unpacked(tensors, metadata, _common(metadata))


def _common(metadata: Mapping[str, str]) -> dict[str, Any]:
    return {
        "generator": metadata["generator"],
        "generator_hash": metadata["generator_hash"],
        "generator_resolution": int(metadata["generator_resolution"]),
        "record": mapping(metadata, "record"),
    }
