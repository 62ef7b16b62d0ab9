"""Generators as safetensors files: weights under readable names, hyper-parameters beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeVar

import torch

from ganvas.errors import CheckpointError, nearest
from ganvas.generator.base import Generator
from ganvas.system.files import replacing

Family = TypeVar("Family", bound=Generator)


def save_generator(generator: Generator, path: Path) -> None:
    """Write weights and hyper-parameters to one safetensors file, whole or not at all."""
    from safetensors.torch import save_file

    metadata = {
        "family": generator.family,
        "config": json.dumps(generator.hyperparameters),
    }
    with replacing(path) as unfinished:
        save_file(generator.state_dict(), unfinished, metadata)


def load_generator_file(family: type[Family], path: Path) -> Family:
    """Build a generator of a family from the file that `save_generator` wrote.

    Raises:
        CheckpointError: The file is missing or broken, of another family, or lacks weights.
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
        saved_family, hyperparameters = metadata["family"], json.loads(metadata["config"])
    except (KeyError, json.JSONDecodeError):
        raise CheckpointError(f"{path} holds tensors, but no generator written by ganvas") from None
    if saved_family != family.family:
        raise CheckpointError(f"{path} holds a {saved_family}, not a {family.family}")
    try:
        with torch.device("meta"):
            generator = family(**hyperparameters)
        generator.load_state_dict(tensors, assign=True)
    except (RuntimeError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise CheckpointError(f"{path} does not fit a {family.family}: {reason}") from error
    return generator.eval()
