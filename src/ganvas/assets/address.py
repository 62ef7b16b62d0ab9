"""Files that are named by their address: fetched once into the cache, their hash compared."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import IO

from ganvas.assets.cache import CHOOSE_ANOTHER, cache_folder, locked
from ganvas.assets.index import open_address
from ganvas.errors import AssetError
from ganvas.system.files import replacing

Progress = Callable[[int, int | None], None]
"""Called with the bytes read so far and the size in bytes, or None when it is not known."""

Opener = Callable[[], IO[bytes]]

_CHUNK = 1 << 20


class UnreachableError(Exception):
    """No source answers, or it stopped answering."""


def cached(address: str) -> Path:
    """Return where the file of an http(s) address lies in the cache, or will lie."""
    key = hashlib.sha256(address.encode()).hexdigest()[:12]
    name = re.sub(r"[^\w.-]", "_", address.split("?")[0].rsplit("/", 1)[-1])[-80:] or "checkpoint"
    return cache_folder() / "checkpoints" / f"{key}-{name}"


def fetched(address: str, expected: str | None) -> Path:
    """Return the file of an http(s) address, fetching it where the cache does not have it.

    Args:
        address: The address.
        expected: SHA-256 of the file, hexadecimal; None accepts any.

    Raises:
        AssetError: It cannot be fetched, or its hash differs.
        StorageError: The cache folder cannot be written.
    """
    path = cached(address)
    with locked(f"checkpoint-{path.name[:12]}"):
        if path.exists():
            return path
        try:
            download(lambda: open_address(address, {}), path, address, expected)
        except UnreachableError as error:
            raise AssetError(
                f"{address} cannot be fetched ({error}); fetch it elsewhere and put it at {path}, "
                "or give generator.checkpoint=PATH"
            ) from error
    return path


def download(
    source: Opener, path: Path, name: str, expected: str | None, progress: Progress | None = None
) -> None:
    """Write what a source gives to a file, whole and with the right hash or not at all.

    Args:
        source: Opens the source.
        path: The file.
        name: What the source is called, for messages.
        expected: SHA-256 of the content, hexadecimal; None accepts any.
        progress: Is told how much has been read.

    Raises:
        UnreachableError: The source cannot be opened or ends early.
        AssetError: The content has another hash.
        StorageError: The file cannot be written.
    """
    with replacing(path, CHOOSE_ANOTHER) as unfinished, unfinished.open("wb") as sink:
        try:
            stream = source()
        except (OSError, ValueError) as error:
            raise UnreachableError(error) from error
        with stream:
            actual = copy(stream, sink, progress)
        if expected is not None and actual != expected:
            raise AssetError(
                f"{name} has SHA-256 {actual[:12]}…, not {expected[:12]}… as published; nothing "
                "was kept"
            )


def copy(source: IO[bytes], sink: IO[bytes], progress: Progress | None = None) -> str:
    """Copy a stream and return the SHA-256 of what it held.

    Raises:
        UnreachableError: It cannot be read, or ends before the length that it promised.
    """
    length = getattr(source, "headers", {}).get("Content-Length")
    total = int(length) if length else None
    digest, done = hashlib.sha256(), 0
    while chunk := _next(source):
        sink.write(chunk)
        digest.update(chunk)
        done += len(chunk)
        if progress is not None:
            progress(done, total)
    if total is not None and done < total:
        raise UnreachableError(f"the download ended after {done} of {total} bytes")
    return digest.hexdigest()


def _next(source: IO[bytes]) -> bytes:
    # A connection that breaks is told apart from a disk that is full.
    try:
        return source.read(_CHUNK)
    except (OSError, HTTPException) as error:
        raise UnreachableError(error) from error
