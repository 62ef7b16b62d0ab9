"""The cache folder: where it lies, its locks, and files that appear in it whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ganvas.system.files import UNFINISHED, storage_errors

CHOOSE_ANOTHER = "set GANVAS_CACHE to another folder"
"""What to do where the cache folder cannot be written."""


def cache_folder() -> Path:
    """Return the folder of the assets: ``$GANVAS_CACHE``, or the user's cache folder."""
    chosen = os.environ.get("GANVAS_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("ganvas", appauthor=False))


def require_cache() -> None:
    """Raise StorageError where the cache folder is not there and cannot be made."""
    folder = cache_folder()
    with storage_errors(folder, CHOOSE_ANOTHER):
        folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold the lock of asset `name`, so that two processes do not fetch it at once."""
    from filelock import FileLock

    folder = cache_folder() / "locks"
    with storage_errors(folder, CHOOSE_ANOTHER):
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / f"{name}.lock")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Yield a temporary folder that becomes `target` when the block ends without an error."""
    with storage_errors(target, CHOOSE_ANOTHER):
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=target.parent))
        try:
            yield unfinished
            unfinished.chmod(0o755)
            unfinished.rename(target)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
