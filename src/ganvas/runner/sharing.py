"""Equal pictures share their bytes on disk, as hard links, where the file system has them."""

from __future__ import annotations

import filecmp
import os
from contextlib import suppress
from pathlib import Path

from ganvas.system.files import link_equal, sha256

POOL = ".pictures"
"""Beside the runs of a study: each photograph once, under the hash of its file."""


def share_pictures(run: Path) -> None:
    """Store each picture of the run in folder `run` once, and drop what can be computed.

    The last stage's picture is the result; a photograph is the same in many runs of a study; the
    difference is computed from target and result by whoever shows it.
    """
    for folder in (run / "images").glob("*/"):
        result, inputs = folder / "result.png", [*folder.glob("target.*"), *folder.glob("input_*")]
        if result.is_file() and any(file.stem == "target" for file in inputs):
            (folder / "difference.png").unlink(missing_ok=True)
        for file in folder.glob("*.png"):
            if result.is_file() and filecmp.cmp(result, file, shallow=False):
                link_equal(result, file)
        for file in inputs:
            pooled = run.parent / POOL / f"{sha256(file)}{file.suffix}"
            # A file system without hard links keeps its copies.
            with suppress(OSError):
                pooled.parent.mkdir(exist_ok=True)
                if not pooled.exists():
                    os.link(file, pooled)
            if pooled.exists():
                link_equal(pooled, file)


def tidy_pool(study: Path) -> None:
    """Delete the photographs of a study that no run uses any more."""
    for pooled in (study / POOL).glob("*"):
        if pooled.stat().st_nlink == 1:
            pooled.unlink()
    with suppress(OSError):
        (study / POOL).rmdir()


def size_on_disk(folder: Path) -> int:
    """Return the bytes of the files below `folder`, each once whatever its number of names."""
    sizes: dict[tuple[int, int], int] = {}
    waiting = [os.fspath(folder)]
    while waiting:
        # Files may go while they are counted.
        with suppress(FileNotFoundError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                elif entry.is_file():
                    stat = entry.stat()
                    sizes[stat.st_dev, stat.st_ino] = stat.st_size
    return sum(sizes.values())
