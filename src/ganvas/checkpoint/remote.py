"""A checkpoint that is named by its path or its address."""

from __future__ import annotations

import re
from pathlib import Path

from ganvas.assets.address import fetched
from ganvas.assets.packaged import packaged
from ganvas.errors import AssetError, CheckpointError, nearest
from ganvas.system.files import sha256

SUFFIXES = (".pkl", ".pt", ".pth", ".safetensors")


def local(source: str, expected: str | None = None) -> Path:
    """Return the path of a checkpoint named by path, by http(s) address or as "ganvas:NAME".

    Args:
        source: The path, the address, or the name of one that comes with the program.
        expected: SHA-256 of the file, hexadecimal; None accepts any.

    Raises:
        AssetError: It cannot be fetched, or its hash differs.
        CheckpointError: There is no such file.
    """
    if re.match("https?://", source):
        path = fetched(source, expected)
    else:
        path = packaged(Path(source))
        if not path.is_file():
            beside = [other.name for other in path.parent.glob("*") if other.suffix in SUFFIXES]
            raise CheckpointError(f"{path}: there is no such file{nearest(path.name, beside)}")
    if expected is not None and (actual := sha256(path)) != expected:
        raise AssetError(f"{path} has SHA-256 {actual[:12]}…, not {expected[:12]}… as it should")
    return path
