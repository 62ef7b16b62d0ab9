"""The cache folder: where it lies, its locks, and files that appear in it whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ganvas.errors import StorageError

UNUSABLE = (
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ENOENT, errno.ELOOP,
    errno.ENAMETOOLONG,
)  # fmt: skip
"""What the system says of a folder that cannot be made or written."""


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
    with storage(folder):
        folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def storage(folder: Path) -> Iterator[None]:
    """Turn a full disk or missing rights below `folder` into one StorageError that names it."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageError(f"no room left in {folder}; set GANVAS_CACHE to another") from error
        if error.errno in UNUSABLE:
            raise StorageError(
                f"cannot write to {folder} ({error.strerror}); set GANVAS_CACHE to another folder"
            ) from error
        raise


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold the lock of asset `name`, so that two processes do not fetch it at once."""
    from filelock import FileLock

    folder = cache_folder() / "locks"
    with storage(folder):
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
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=target.parent))
    try:
        yield unfinished
        unfinished.chmod(0o755)
        unfinished.rename(target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
