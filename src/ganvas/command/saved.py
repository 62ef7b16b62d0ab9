"""The embedding that a command is given: its file, or the folder of a run."""

from __future__ import annotations

from pathlib import Path

from ganvas.embedding import Embedding
from ganvas.runner.directory import RunDirectory


def saved(place: str) -> Embedding:
    """Load an `embedding.safetensors`, or that of a run's folder.

    Raises:
        InputError: There is none that can be read.
    """
    path = Path(place)
    return Embedding.load(RunDirectory(path).embedding_file if path.is_dir() else path)
