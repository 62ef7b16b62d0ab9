"""The embedding that a command is given: its file, or the folder of a run."""

from __future__ import annotations

from pathlib import Path

from ganvas.embedding import Embedding
from ganvas.runner.damage import holds_run
from ganvas.runner.directory import RunDirectory, load


def saved_embedding(location: str) -> Embedding:
    """Load an `embedding.safetensors`, or that of a run's folder.

    Raises:
        InputError: There is none that can be read.
    """
    path = Path(location)
    if not path.is_dir():
        return Embedding.load(path)
    return (load(path) if holds_run(path) else RunDirectory(path)).embedding
