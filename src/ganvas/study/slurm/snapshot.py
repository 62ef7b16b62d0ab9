"""A copy of the program as it is at submission.

A job may wait for hours in the queue; what is edited in the meantime must not reach it.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ganvas.config.groups import config_dir
from ganvas.runner.checkout import PACKAGE, SNAPSHOT, git_state
from ganvas.system.files import storage_errors, write_json

PROGRAM = ("*.py", "*.yaml")


@dataclass(frozen=True)
class Snapshot:
    """A copied program.

    Attributes:
        path: What comes first on PYTHONPATH, before an installation, editable or not.
        folders: The copies of the user's own folders of options.
    """

    path: Path
    folders: tuple[Path, ...]


def take(folder: Path, user_dirs: Sequence[Path]) -> Snapshot:
    """Copy the package, its configurations and the user's own options and modules into `folder`.

    Raises:
        StorageError: There is no room, or no right to write.
    """
    source = folder / "src"
    conf = config_dir()
    plugins = Path("hydra_plugins", "ganvas")
    with storage_errors(folder):
        _copy(PACKAGE, source / "ganvas")
        _copy(PACKAGE.parent / plugins, source / plugins)
        if PACKAGE not in conf.parents:
            _copy(conf, folder / "conf")
        copies = []
        for number, user_dir in enumerate(user_dirs):
            copies.append(folder / "user" / str(number))
            _copy_program(user_dir, copies[-1])
    write_json(source / "ganvas" / SNAPSHOT, {"git": git_state()})
    return Snapshot(source.resolve(), tuple(copy.resolve() for copy in copies))


def _copy(source: Path, destination: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(source, destination, ignore=ignored, dirs_exist_ok=True)


def _copy_program(source: Path, destination: Path) -> None:
    """Copy options and modules only: the folder may hold photographs and results, too."""
    destination.mkdir(parents=True)
    for pattern in PROGRAM:
        for file in source.rglob(pattern):
            copy = destination / file.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, copy)
