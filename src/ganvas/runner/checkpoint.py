"""The state that a killed run continues from."""

from __future__ import annotations

import io
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from ganvas.embedding import Embedding
from ganvas.errors import StorageError
from ganvas.generator.base import Activation
from ganvas.generator.delta import Delta
from ganvas.system.files import write_bytes


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint atomically: plain values and tensors, nothing executable."""
    # Bytes first: torch's own writing does not say when a disk is full.
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_bytes(path, buffer.getbuffer())


def load_checkpoint(path: Path, device: torch.device) -> dict[str, Any] | None:
    """Read a checkpoint, or None where there is none.

    Raises:
        StorageError: The file is broken.
    """
    if not path.is_file():
        return None
    try:
        state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise StorageError(
            f"{path} is broken ({type(error).__name__}); use force=true to start the run again"
        ) from error
    return state


def pack(embedding: Embedding) -> dict[str, Any]:
    """Turn an embedding into plain values and tensors."""
    return {
        "latent": embedding.latent,
        "noise": list(embedding.noise),
        "space": embedding.space,
        "truncation": embedding.truncation,
        "delta": None if embedding.delta is None else embedding.delta.tensors,
        "resume": None
        if embedding.resume is None
        else [embedding.resume[0], embedding.resume[1].features, embedding.resume[1].rgb],
    }


def unpack(packed: dict[str, Any], like: Embedding) -> Embedding:
    """Turn plain values and tensors back into an embedding of the same images as `like`."""
    resume = None
    if packed["resume"] is not None:
        layer, features, rgb = packed["resume"]
        resume = (layer, Activation(features, rgb))
    return replace(
        like,
        latent=packed["latent"],
        noise=tuple(packed["noise"]),
        space=packed["space"],
        truncation=packed["truncation"],
        resume=resume,
        delta=None if packed["delta"] is None else Delta(packed["delta"]),
    )
