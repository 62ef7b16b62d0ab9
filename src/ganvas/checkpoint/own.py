"""Our own files: safetensors, with the family and the architecture in the metadata."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from torch import Tensor

from ganvas.checkpoint.content import FAMILIES, Checkpoint
from ganvas.checkpoint.recognise import recognise
from ganvas.checkpoint.stored import Stored
from ganvas.errors import CheckpointError, nearest
from ganvas.generator.architecture import Architecture, checked
from ganvas.system.files import replacing

ARCHITECTURES = {family: kind for kind, family in FAMILIES.items()}


class _Slice:
    """A tensor of a safetensors file, read when it is wanted."""

    def __init__(self, path: Path, key: str, shape: tuple[int, ...]) -> None:
        self._path, self._key = path, key
        self.shape = shape

    def load(self) -> Tensor:
        """Read it."""
        from safetensors import safe_open

        with safe_open(self._path, framework="pt") as file:
            tensor: Tensor = file.get_tensor(self._key)
            return tensor


def read(path: Path) -> Checkpoint:
    """Read a safetensors file: ours, or a state dict that one of the other layouts' names fit.

    Raises:
        CheckpointError: It is malformed, or holds no supported generator.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors: dict[str, Stored] = {
                key: _Slice(path, key, tuple(file.get_slice(key).get_shape()))
                for key in file.keys()  # noqa: SIM118 - not a mapping
            }
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"not a readable safetensors file ({error})") from error
    if "family" not in metadata:
        return recognise(dict(tensors))
    family = metadata["family"]
    if family not in ARCHITECTURES:
        raise CheckpointError(
            f"the family '{family[:40]}' is unknown{nearest(family, ARCHITECTURES)}"
        )
    try:
        given = json.loads(metadata.get("config", ""))
    except (json.JSONDecodeError, RecursionError) as error:
        raise CheckpointError("the hyper-parameters are not readable") from error
    if not isinstance(given, dict):
        raise CheckpointError("the hyper-parameters are not readable")
    return Checkpoint("ganvas safetensors", checked(ARCHITECTURES[family], given), tensors)


def write(path: Path, architecture: Architecture, tensors: dict[str, Tensor], source: str) -> None:
    """Write a safetensors file whole or not at all.

    Args:
        path: Where to.
        architecture: Its shapes and arithmetic.
        tensors: Its weights under our names.
        source: SHA-256 of the file that they came from, hexadecimal.
    """
    from safetensors.torch import save_file

    metadata = {
        "family": FAMILIES[type(architecture)],
        "config": json.dumps(asdict(architecture)),
        "source_sha256": source,
    }
    with replacing(path) as unfinished:
        save_file({k: v.contiguous() for k, v in tensors.items()}, unfinished, metadata)
