"""Our own generator files: safetensors, with family and hyper-parameters in the metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from ganvas.checkpoint.build import build
from ganvas.checkpoint.content import FAMILIES, Checkpoint
from ganvas.checkpoint.recognise import recognise
from ganvas.checkpoint.stored import Stored
from ganvas.errors import CheckpointError, nearest
from ganvas.generator.architecture import Architecture, checked
from ganvas.generator.base import Generator
from ganvas.system.tensors import write_tensors

ARCHITECTURES = {family: architecture for architecture, family in FAMILIES.items()}

Family = TypeVar("Family", bound=Generator)


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
    tensors, metadata = _opened(path)
    if "family" not in metadata:
        return recognise(dict(tensors))
    family = metadata["family"]
    if family not in ARCHITECTURES:
        raise CheckpointError(
            f"the family '{family[:40]}' is unknown{nearest(family, ARCHITECTURES)}"
        )
    architecture = checked(ARCHITECTURES[family], _hyperparameters(metadata))
    return Checkpoint("ganvas safetensors", architecture, tensors)


def write(path: Path, architecture: Architecture, tensors: dict[str, Tensor], source: str) -> None:
    """Write a safetensors file whole or not at all.

    Args:
        path: Where to.
        architecture: Its shapes and arithmetic.
        tensors: Its weights under our names.
        source: SHA-256 of the file that they came from, hexadecimal.
    """
    _write(path, FAMILIES[type(architecture)], asdict(architecture), tensors, source_sha256=source)


def save_generator(generator: Generator, path: Path) -> None:
    """Write weights and hyper-parameters to one safetensors file, whole or not at all."""
    _write(path, generator.family, generator.hyperparameters, generator.state_dict())


def load_generator_file(family: type[Family], path: Path) -> Family:
    """Build a generator of a family from the file that `save_generator` wrote.

    Raises:
        CheckpointError: The file is missing or broken, of another family, lacks weights, or holds
            numbers that are not finite.
    """
    if not path.is_file():
        present = [other.name for other in path.parent.glob("*.safetensors")]
        raise CheckpointError(f"there is no generator file {path}{nearest(path.name, present)}")
    try:
        tensors, metadata = _opened(path)
        if "family" not in metadata:
            raise CheckpointError("tensors, but no generator written by ganvas")
        hyperparameters = _hyperparameters(metadata)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error
    if metadata["family"] != family.family:
        raise CheckpointError(f"{path} holds a {metadata['family'][:40]}, not a {family.family}")
    try:
        generator = _built(family, hyperparameters, tensors)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error
    except (RuntimeError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise CheckpointError(f"{path} does not fit a {family.family}: {reason}") from error
    return generator.eval()


def _built(
    family: type[Family], hyperparameters: dict[str, Any], tensors: dict[str, Stored]
) -> Family:
    if family.family in ARCHITECTURES:
        architecture = checked(ARCHITECTURES[family.family], hyperparameters)
        known = build(Checkpoint("ganvas safetensors", architecture, tensors))
        assert isinstance(known, family)
        return known
    with torch.device("meta"):
        generator = family(**hyperparameters)
    weights = {name: stored.load() for name, stored in tensors.items()}
    generator.load_state_dict(weights, assign=True)
    return generator


def _opened(path: Path) -> tuple[dict[str, Stored], dict[str, str]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            tensors: dict[str, Stored] = {
                key: _Slice(path, key, tuple(file.get_slice(key).get_shape()))
                for key in file.keys()  # noqa: SIM118 - not a mapping
            }
            return tensors, file.metadata() or {}
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"not a readable safetensors file ({error})") from error


def _hyperparameters(metadata: Mapping[str, str]) -> dict[str, Any]:
    try:
        hyperparameters = json.loads(metadata.get("config", ""))
    except (ValueError, RecursionError) as error:
        raise CheckpointError("the hyper-parameters are not readable") from error
    if not isinstance(hyperparameters, dict):
        raise CheckpointError("the hyper-parameters are not readable")
    return hyperparameters


def _write(
    path: Path,
    family: str,
    hyperparameters: Mapping[str, Any],
    tensors: Mapping[str, Tensor],
    **more: str,
) -> None:
    metadata = {"family": family, "config": json.dumps(hyperparameters)} | more
    write_tensors(path, tensors, metadata)
