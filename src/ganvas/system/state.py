"""What tells without reading a file that it has changed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

FileState = tuple[str, int, int]
"""A file's path, the nanoseconds of its last change and its bytes."""


def file_state(path: Path) -> FileState:
    """Return the state of a file; of one that cannot be asked, such as a dangling link, −1s."""
    try:
        stat = path.stat()
    except OSError:
        return str(path), -1, -1
    return str(path), stat.st_mtime_ns, stat.st_size


def folder_state(folders: Iterable[Path], *suffixes: str) -> tuple[FileState, ...]:
    """Return the states of all files below folders whose names end in one of the suffixes."""
    return tuple(
        file_state(file)
        for folder in folders
        for file in sorted(f for f in folder.rglob("*") if f.suffix in suffixes)
    )
