"""The lock on a run's folder; the system lets go of it however its holder ends."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ganvas.errors import StorageError
from ganvas.system.files import storage_errors

FILE = ".lock"
TRIES = 20


@contextmanager
def locked(run: Path, held: int | None = None) -> Iterator[None]:
    """Hold the folder `run` for this process.

    Args:
        run: The run's folder.
        held: A descriptor from `try_lock` that this process was handed by the one that started it;
            closed at the end.

    Raises:
        StorageError: Another process holds it.
    """
    # A process that only looks (`is_locked`) holds the lock for an instant, hence the patience.
    for _ in range(TRIES):
        if held is not None:
            break
        held = try_lock(run)
        if held is None:
            time.sleep(0.05)
    if held is None:
        raise StorageError(f"another process is working on {run}")
    try:
        yield
    finally:
        os.close(held)


def try_lock(run: Path) -> int | None:
    """Return the descriptor of a lock on `run`, or None when another process holds it.

    The lock lasts until every copy of the descriptor is closed, so it can be handed to a process
    that is being started, without a moment in which nobody holds it.
    """
    with storage_errors(run):
        run.mkdir(parents=True, exist_ok=True)
        file = os.open(run / FILE, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    if not _is_there(file, run / FILE):  # while this one waited, the folder was moved or deleted
        os.close(file)
        return None
    return file


def _is_there(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


def is_locked(run: Path) -> bool:
    """Return True when a process holds `run`."""
    try:
        file = os.open(run / FILE, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False
