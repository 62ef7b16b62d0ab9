"""Generators as safetensors files: weights under readable names, hyper-parameters beside them."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from ganvas.errors import CheckpointError, nearest


@dataclass(frozen=True, slots=True)
class GeneratorFile:
    """What a generator's safetensors file holds.

    Attributes:
        family: The generator's family, such as ``mobilestylegan``.
        config: The arguments that rebuild the module.
        tensors: Its weights by name.
    """

    family: str
    config: dict[str, Any]
    tensors: dict[str, Tensor]


def read_generator(path: Path) -> GeneratorFile:
    """Read a generator's safetensors file.

    Raises:
        CheckpointError: The file is missing, broken, or holds no generator of ganvas.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as opened:
            metadata = opened.metadata() or {}
            tensors = {key: opened.get_tensor(key) for key in opened.keys()}  # noqa: SIM118
    except FileNotFoundError:
        present = [other.name for other in path.parent.glob("*.safetensors")]
        hint = nearest(path.name, present)
        raise CheckpointError(f"there is no generator file {path}{hint}") from None
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path} is not a readable safetensors file: {error}") from error
    try:
        return GeneratorFile(metadata["family"], json.loads(metadata["config"]), tensors)
    except (KeyError, json.JSONDecodeError):
        raise CheckpointError(f"{path} holds tensors, but no generator written by ganvas") from None


def write_generator(path: Path, content: GeneratorFile) -> None:
    """Write a generator's file whole or not at all."""
    from safetensors.torch import save_file

    metadata = {"family": content.family, "config": json.dumps(content.config)}
    descriptor, unfinished = tempfile.mkstemp(prefix=".unfinished-", dir=path.parent)
    os.close(descriptor)
    try:
        save_file(content.tensors, unfinished, metadata)
        Path(unfinished).replace(path)
    finally:
        Path(unfinished).unlink(missing_ok=True)


def content_hash(tensors: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 (hex) of named tensors: names, types, shapes and bytes."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        value = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        digest.update(value.numpy().data)
    return digest.hexdigest()
