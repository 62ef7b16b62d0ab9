"""The converter of assets that are used as they are: each file is copied out of the archive."""

from __future__ import annotations

from pathlib import Path

from ganvas.assets.archive import Archive


def convert(archive: Archive, folder: Path) -> None:
    """Write the asset's files into `folder` under their base names."""
    for name, content in archive.members():
        (folder / name).write_bytes(content)
