"""An encoder's file: safetensors with the matrix in float16 and the training record as text.

A file may come from a stranger. Nothing that it names is imported, and what training could not have
written is refused with the name of the part that is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganvas.config.schema import build, check
from ganvas.encoder.encoder import LinearEncoder
from ganvas.encoder.features import Features
from ganvas.image.find import packaged
from ganvas.version import __version__

if TYPE_CHECKING:
    from torch import Tensor

FORMAT = "ganvas-encoder-1"
TENSORS = ("centre", "scale", "beta", "bias")


def save_encoder(encoder: LinearEncoder, path: Path) -> None:
    """Write one file, whole or not at all; equal encoders give equal bytes.

    Raises:
        StorageError: The file cannot be written.
    """
    from dataclasses import asdict

    from ganvas.system.tensors import write_tensors

    affine = encoder.affine
    tensors = dict(zip(TENSORS, affine, strict=True))
    tensors = {name: value.float() for name, value in tensors.items()}
    # Features are standardised, so that the matrix fits the narrow range of float16.
    tensors["beta"] = affine.beta.half()
    metadata = {
        "format": FORMAT,
        "ganvas": __version__,
        "features": json.dumps(asdict(encoder.features)),
        "picture_resolution": str(encoder.picture_resolution),
        "generator": encoder.generator,
        "generator_hash": encoder.generator_hash,
        "generator_resolution": str(encoder.generator_resolution),
        "record": json.dumps(encoder.record),
    }
    write_tensors(path, tensors, metadata)


def load_encoder(path: Path) -> LinearEncoder:
    """Read a file that `save_encoder` wrote.

    Raises:
        InputError: The file is missing, broken, or no encoder.
    """
    from ganvas.system.tensors import read_as

    return read_as("encoder", packaged(path), (FORMAT,), _restored)


def _restored(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> LinearEncoder:
    from ganvas.functional.ridge import Affine

    affine = Affine(*(tensors[name].float() for name in TENSORS))
    _require_shapes(affine)
    return LinearEncoder(
        features=build(check(_mapping(metadata, "features"), Features, "features")),
        affine=affine,
        picture_resolution=int(metadata["picture_resolution"]),
        generator=metadata["generator"],
        generator_hash=metadata["generator_hash"],
        generator_resolution=int(metadata["generator_resolution"]),
        record=_mapping(metadata, "record"),
    )


def _require_shapes(affine: tuple[Tensor, ...]) -> None:
    """Raise ValueError where the tensors are not those of one affine map, or not finite."""
    centre, scale, beta, bias = affine
    if beta.ndim != 2 or centre.shape != scale.shape or scale.shape != beta.shape[:1]:
        raise ValueError("the shapes of its tensors do not belong together")
    if bias.shape != beta.shape[1:]:
        raise ValueError("the shapes of its tensors do not belong together")
    for name, tensor in zip(TENSORS, affine, strict=True):
        if not bool(tensor.isfinite().all()):
            raise ValueError(f"'{name}' holds numbers that are not finite")


def _mapping(metadata: Mapping[str, str], key: str) -> dict[str, Any]:
    value = json.loads(metadata[key])
    if not isinstance(value, dict):
        raise ValueError(f"'{key}' is no mapping")
    return value
