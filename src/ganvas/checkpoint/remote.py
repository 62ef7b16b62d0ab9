"""A checkpoint that is named by its path or its address."""

from __future__ import annotations

import re
from pathlib import Path

from ganvas.assets.address import fetched
from ganvas.assets.packaged import packaged
from ganvas.errors import AssetError, CheckpointError, nearest
from ganvas.system.files import sha256

SUFFIXES = (".pkl", ".pt", ".pth", ".safetensors")


def named_file(source: str | None) -> Path | None:
    """Return the file that a checkpoint's name means, there or not; None for an address or none."""
    if source is None or re.match("https?://", source):
        return None
    return packaged(Path(source))


def local(source: str, expected: str | None = None) -> Path:
    """Return the path of a checkpoint named by path, by http(s) address or as "ganvas:NAME".

    Args:
        source: The path, the address, or the name of one that comes with the program.
        expected: SHA-256 of the file, hexadecimal; None accepts any.

    Raises:
        AssetError: It cannot be fetched, or its hash differs.
        CheckpointError: There is no such file.
    """
    path = named_file(source)
    if path is None:
        path = fetched(source, expected)
    elif not path.is_file():
        beside = [other.name for other in path.parent.glob("*") if other.suffix in SUFFIXES]
        raise CheckpointError(f"{path}: there is no such file{nearest(path.name, beside)}")
    if expected is not None and (actual := sha256(path)) != expected:
        raise AssetError(f"{path} has SHA-256 {actual[:12]}…, not {expected[:12]}… as it should")
    return path
