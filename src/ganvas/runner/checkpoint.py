"""The state that a killed run continues from."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import torch

from ganvas.embedding import Embedding
from ganvas.embedding.storage import flatten, restore
from ganvas.errors import StorageError
from ganvas.system.files import write_bytes


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint atomically: plain values and tensors, nothing executable."""
    # Bytes first: torch's own writing does not say when a disk is full.
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_bytes(path, buffer.getbuffer())


def load_checkpoint(path: Path) -> dict[str, Any] | None:
    """Read a checkpoint into the CPU's memory, or return None where there is none.

    Whoever takes something over puts it where it belongs. Counters of steps, which optimisers read
    on the host, stay there.

    Raises:
        StorageError: The file is broken.
    """
    if not path.is_file():
        return None
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise StorageError(
            f"{path} is broken ({type(error).__name__}); use force=true to start the run again"
        ) from error
    return state


def pack(embedding: Embedding) -> dict[str, Any]:
    """Turn an embedding into plain values and tensors."""
    tensors, text = flatten(embedding)
    return {"tensors": tensors, "text": text}


def unpack(packed: dict[str, Any]) -> Embedding:
    """Turn plain values and tensors back into an embedding.

    Raises:
        StorageError: An earlier version packed them in another way.
    """
    try:
        return restore(packed["tensors"], packed["text"], Embedding)
    except (KeyError, ValueError) as error:
        raise StorageError(
            "the checkpoint is of another version of ganvas; use force=true to start the run again"
        ) from error
