"""Recognising whose file it is."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from ganvas.checkpoint import ada, stylegan3
from ganvas.checkpoint.container import map_file, read
from ganvas.checkpoint.content import Checkpoint
from ganvas.checkpoint.machine import Record
from ganvas.checkpoint.modules import walk
from ganvas.errors import CheckpointError


def open_checkpoint(path: Path) -> Checkpoint:
    """Read what a generator's file holds, without loading its weights and without running it.

    Raises:
        CheckpointError: The file cannot be read, or holds no generator that is supported.
    """
    try:
        found = recognise(read(path))
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error
    return replace(found, source_hash=hashlib.sha256(map_file(path)).hexdigest())


def recognise(tree: object) -> Checkpoint:
    if isinstance(tree, dict) and "G_ema" in tree:
        tree = tree["G_ema"]
    if isinstance(tree, Record):
        names = [name for name, _ in walk(tree)]
        return stylegan3.read(tree) if "synthesis.input" in names else ada.read(tree)
    raise CheckpointError("unknown")
