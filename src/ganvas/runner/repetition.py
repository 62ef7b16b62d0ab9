"""A repetition takes the place of a result, which is there until the repetition is finished."""

from __future__ import annotations

import shutil
from pathlib import Path

from ganvas.runner.directory import RunDirectory
from ganvas.system.files import storage_errors


def replace_result(new: RunDirectory, old: RunDirectory) -> None:
    """Put a finished repetition in the place of the old result."""
    aside = _aside(old)
    if aside.exists():
        shutil.rmtree(aside)
    if old.path.exists():
        old.path.rename(aside)
    new.path.rename(old.path)
    shutil.rmtree(aside, ignore_errors=True)


def restore_result(result: RunDirectory) -> None:
    """Put the old result back where a process was killed just before the new one took its place."""
    aside = _aside(result)
    # Its lock moves with a folder: whoever replaces the result at this moment still holds it.
    if aside.exists() and not result.path.exists() and not RunDirectory(aside).is_locked():
        with storage_errors(aside):
            aside.rename(result.path)


def _aside(result: RunDirectory) -> Path:
    return result.path.with_name(f"{result.path.name}.old")
