"""A checkpoint that is named by its address: fetched once into the cache, its hash compared."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from ganvas.assets.cache import cache_folder, locked, storage
from ganvas.errors import AssetError, CheckpointError, nearest
from ganvas.system.files import replacing, sha256

SUFFIXES = (".pkl", ".pt", ".pth", ".safetensors")
_CHUNK = 1 << 20


def local(place: str, expected: str | None = None) -> Path:
    """Return the path of a checkpoint named by path or by http(s) address.

    Args:
        place: The path or the address.
        expected: SHA-256 of the file, hexadecimal; None accepts any.

    Raises:
        AssetError: It cannot be fetched, or its hash differs.
        CheckpointError: There is no such file.
    """
    if re.match("https?://", place):
        path = _fetched(place, expected)
    else:
        path = Path(place).expanduser()
        if not path.is_file():
            beside = [other.name for other in path.parent.glob("*") if other.suffix in SUFFIXES]
            raise CheckpointError(f"{path}: there is no such file{nearest(path.name, beside)}")
    if expected is not None and (found := sha256(path)) != expected:
        raise AssetError(f"{path} has SHA-256 {found[:12]}…, not {expected[:12]}… as it should")
    return path


def _fetched(address: str, expected: str | None) -> Path:
    folder = cache_folder() / "checkpoints"
    key = hashlib.sha256(address.encode()).hexdigest()[:12]
    name = re.sub(r"[^\w.-]", "_", address.split("?")[0].rsplit("/", 1)[-1])[-80:] or "checkpoint"
    path = folder / f"{key}-{name}"
    with locked(f"checkpoint-{key}"):
        if not path.exists():
            _download(address, expected, path)
    return path


def _download(address: str, expected: str | None, path: Path) -> None:
    from ganvas.assets.index import open_address

    digest = hashlib.sha256()
    try:
        with (
            storage(path.parent),
            replacing(path) as unfinished,
            unfinished.open("wb") as sink,
            open_address(address, {}) as source,
        ):
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                sink.write(chunk)
            if expected is not None and digest.hexdigest() != expected:
                raise AssetError(
                    f"{address} has SHA-256 {digest.hexdigest()[:12]}…, not {expected[:12]}… "
                    "as published; nothing was kept"
                )
    except (OSError, ValueError) as error:
        raise AssetError(
            f"{address} cannot be fetched ({error}); fetch it elsewhere and put it at {path}, "
            "or give generator.checkpoint=PATH"
        ) from error
