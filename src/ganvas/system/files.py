"""Writing files so that a reader never sees half of one."""

from __future__ import annotations

import errno
import glob
import hashlib
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from unicodedata import category

from ganvas.errors import StorageError

UNFINISHED = ".unfinished-"
"""How the names of temporary files begin; a killed process leaves some behind."""


@contextmanager
def storage_errors(path: Path, remedy: str = "") -> Iterator[None]:
    """Turn a full disk, a missing permission and the like into a StorageError that names `path`.

    Args:
        path: What is written.
        remedy: What the user can do, behind a semicolon.
    """
    try:
        yield
    except OSError as error:
        end = f"; {remedy}" if remedy else ""
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageError(f"no space left to write {path}{end}") from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise StorageError(f"no permission to write {path}{end}") from error
        raise StorageError(f"cannot write {path}: {error.strerror or error}{end}") from error


@contextmanager
def replacing(path: Path, remedy: str = "") -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` when the block succeeds.

    Args:
        path: What is written.
        remedy: What the user can do where it cannot be written.

    Raises:
        StorageError: The disk is full or the folder cannot be written.
    """
    # The suffix stays last, because writers choose the format by it.
    temporary = path.with_name(f"{UNFINISHED}{os.getpid()}@{socket.gethostname()}-{path.name}")
    try:
        with storage_errors(path, remedy):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def is_file_name(name: object) -> bool:
    """Return True where a name can only be that of a file in the folder that it is looked up in.

    It holds no control characters either, which would disturb a terminal or a log.

    >>> is_file_name("a.png"), is_file_name("../a.png"), is_file_name("..")
    (True, False, False)
    """
    return (
        isinstance(name, str)
        and 0 < len(name) <= 255
        and not any(category(letter) in ("Cc", "Cs") for letter in name)
        and "/" not in name
        and name not in (".", "..")
    )


def remove_unfinished(folder: Path) -> None:
    """Remove the temporary files that a killed process has left below `folder`."""
    for left in folder.rglob(f"{UNFINISHED}*"):
        left.unlink(missing_ok=True)


def remove_abandoned(folder: Path, pattern: str = "*") -> None:
    """Remove temporary files in `folder` whose writer is gone; another one may be at work there.

    Those of another machine, on a shared disk, stay: nobody here knows whether it is at work.

    Args:
        folder: The folder, without those below it.
        pattern: Which files they were to become.
    """
    here = glob.escape(socket.gethostname())
    for left in folder.glob(f"{UNFINISHED}[0-9]*@{here}-{pattern}"):
        if not _is_alive(int(left.name.removeprefix(UNFINISHED).partition("@")[0])):
            with suppress(OSError):
                left.unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def write_text(path: Path, text: str) -> None:
    """Write `text` atomically in UTF-8; surrogates, bytes of a name that is no text, as escapes.

    JSON reads the escapes as what they stand for.
    """
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")


def write_bytes(path: Path, content: bytes | memoryview) -> None:
    """Write `content` atomically."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_json(path: Path, value: Any) -> None:
    """Write `value` atomically as indented JSON; values that are not finite are refused."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def link_equal(file: Path, other: Path) -> None:
    """Make `other`, an equal file, a name of `file`; where that is impossible, both stay."""
    if file.samefile(other):
        return
    temporary = other.with_name(f"{UNFINISHED}{os.getpid()}-{other.name}")
    with suppress(OSError):
        temporary.unlink(missing_ok=True)
        os.link(file, temporary)
        temporary.replace(other)
