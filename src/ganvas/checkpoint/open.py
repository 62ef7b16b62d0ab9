"""Opening a generator's file, whatever wrote it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from ganvas.checkpoint import generator_file
from ganvas.checkpoint.container import ZIP, map_file, read
from ganvas.checkpoint.content import Checkpoint
from ganvas.checkpoint.recognise import recognise
from ganvas.errors import CheckpointError


def open_checkpoint(path: Path) -> Checkpoint:
    """Read what a generator's file holds, without loading its weights and without running it.

    Raises:
        CheckpointError: The file cannot be read, or holds no generator that is supported.
    """
    try:
        data = map_file(path)
        ours = bytes(data[8:9]) == b"{" and bytes(data[:4]) != ZIP
        checkpoint = generator_file.read(path) if ours else recognise(read(path))
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error
    return replace(checkpoint, source_hash=hashlib.sha256(data).hexdigest())
