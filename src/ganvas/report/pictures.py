"""The pictures of a run: which there are, and their way into the report."""

from __future__ import annotations

import base64
import io
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from PIL import Image

from ganvas.runner.directory import RunDirectory
from ganvas.system.files import is_file_name

_KINDS = {".png", ".jpg", ".jpeg", ".webp"}
_SHEET = "contact_sheet"
_VIDEO = "progress"
_FRAME_SIDE = 256
_STILL_SIDE = 768


@dataclass(frozen=True)
class Album:
    """The pictures of one image of a run.

    Attributes:
        stills: File names such as ``target.png``, ``w.png``, ``result.png``, ``mask.png``.
        frames: File names in `frames/`, in the order of their steps.
    """

    stills: tuple[str, ...]
    frames: tuple[str, ...]


def find_album(run: RunDirectory, image: str) -> Album:
    """Return the pictures of `image`; empty where the run has none yet.

    Nothing is taken from outside of the run's folder, whatever its files call the image.
    """
    if not is_file_name(image):
        return Album((), ())
    folder = run.path / "images" / image
    frames = [name for name in _names(folder / "frames") if Path(name).stem.isdigit()]
    frames.sort(key=lambda name: int(Path(name).stem))
    return Album(tuple(_names(folder)), tuple(frames))


def find_sheet(run: RunDirectory) -> str:
    """Return the file name of the run's contact sheet, or an empty text."""
    return next((n for n in _names(run.path / "images") if Path(n).stem == _SHEET), "")


def paths(run: RunDirectory) -> Iterator[str]:
    """Yield the paths of all pictures that the report shows, relative to the run's `images/`."""
    if sheet := find_sheet(run):
        yield sheet
    for image in run.images:
        album = find_album(run, image)
        yield from (f"{image}/{name}" for name in album.stills)
        yield from (f"{image}/frames/{name}" for name in album.frames)


def link(run: RunDirectory, target: Path) -> None:
    """Put the run's pictures below `target`, as hard links where the file system has them."""
    for path in paths(run):
        source, copy = run.path / "images" / path, target / path
        try:
            if copy.exists() and _same(source, copy):
                continue
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.unlink(missing_ok=True)
            try:
                os.link(source, copy)
            except FileExistsError:  # another report of the study is made just now
                continue
            except OSError:
                shutil.copy2(source, copy)
        except FileNotFoundError:  # a running study may replace a picture just now
            continue


def embed(run: RunDirectory) -> dict[str, Any]:
    """Return the run's pictures by path as data URLs, made small: 256 px frames, 768 px stills."""
    urls = {}
    for path in paths(run):
        if Path(path).stem == _VIDEO:
            continue  # the slider plays the same frames
        side = _FRAME_SIDE if "/frames/" in path else _STILL_SIDE
        urls[path] = _data_url(run.path / "images" / path, side)
    return urls


def _data_url(path: Path, side: int) -> str:
    return _encoded(path.read_bytes(), path.suffix == ".webp", side)


@lru_cache(maxsize=256)
def _encoded(data: bytes, webp: bool, side: int) -> str:
    """Targets and masks are the same in many runs: they are made small once."""
    with Image.open(io.BytesIO(data)) as picture:
        if not webp or max(picture.size) > side:
            small = picture.convert("RGB")
            small.thumbnail((side, side), Image.Resampling.LANCZOS)
            stream = io.BytesIO()
            small.save(stream, "WEBP", quality=88, method=3)
            data = stream.getvalue()
    return "data:image/webp;base64," + base64.b64encode(data).decode()


def _names(folder: Path) -> list[str]:
    if folder.is_symlink():
        return []
    try:
        with os.scandir(folder) as entries:
            return sorted(
                entry.name
                for entry in entries
                if Path(entry.name).suffix.lower() in _KINDS
                and entry.is_file(follow_symlinks=False)
            )
    except (FileNotFoundError, NotADirectoryError):
        return []


def _same(source: Path, copy: Path) -> bool:
    a, b = source.stat(), copy.stat()
    return (a.st_ino, a.st_dev) == (b.st_ino, b.st_dev) or (
        a.st_size == b.st_size and a.st_mtime_ns == b.st_mtime_ns
    )
