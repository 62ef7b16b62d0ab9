"""Folders as the page's commands name them."""

from __future__ import annotations

from pathlib import Path


def shown(path: Path) -> Path:
    """Return a path from the working directory on, where it lies below that."""
    try:
        return path.resolve().relative_to(Path.cwd())
    except ValueError:
        return path
