"""The picture files that a path, a folder or a glob names."""

from __future__ import annotations

import glob
import logging
import re
from functools import cache
from pathlib import Path

from ganvas.assets.packaged import packaged
from ganvas.errors import InputError
from ganvas.image.decode import READABLE, problem
from ganvas.system.names import unreadable

log = logging.getLogger(__name__)


def refuse_address(path: Path) -> None:
    """Refuse an address where a file belongs, with a line that says what to do.

    Raises:
        InputError: The path looks like `https://…`, whose slashes are one in a path.
    """
    address = re.match(r"([a-z][a-z0-9+.-]+):/+(.*)", str(path), re.IGNORECASE)
    if address and not path.exists():
        raise InputError(
            f"{address[1]}://{address[2]} is an address; fetch the file first, for example with "
            "curl -LO, and name it"
        )


def find_pictures(path: Path, skip: bool = True) -> list[Path]:
    """Return the picture files that `path` names, sorted, numbers by their value: 2 before 10.

    Of a folder or glob, hidden files and other kinds of files are passed over.

    Args:
        path: A file, a folder or a glob.
        skip: Leave a file out, with a notice, that is called like a picture and is none; else it is
            an error, as where files belong together by their order.

    Raises:
        InputError: Nothing is there, or a folder or glob holds no picture; or, without `skip`, a
            file is no picture. Or a name is no text, which the record could not hold.
    """
    path = packaged(path)
    refuse_address(path)
    if path.is_file():
        _require_readable([path])
        return [path]
    if path.is_dir():
        named = list(path.iterdir())
        path_type = "folder"
    elif glob.has_magic(str(path)):
        named = [Path(file) for file in glob.glob(str(path), recursive=True)]  # noqa: PTH207
        path_type = "glob"
    else:
        raise InputError(f"no such picture, folder or glob: {path}")
    shown = sorted(
        (f for f in named if f.suffix.lower() in READABLE and not f.name.startswith(".")),
        key=_natural,
    )
    pictures = [file for file in shown if _is_picture(file, skip)]
    _require_readable(pictures)
    if not pictures:
        raise InputError(f"the {path_type} {path} holds no {', '.join(READABLE)} file")
    return pictures


def _natural(file: Path) -> tuple[list[list[str | int]], str]:
    """Return what files are sorted by, so that img2 and img2_mask stand at the same place."""
    pieces = (re.split(r"(\d+)", part) for part in file.with_suffix("").parts)
    return [[int(p) if p.isdecimal() else p for p in part] for part in pieces], str(file)


def _require_readable(files: list[Path]) -> None:
    for reason in filter(None, map(unreadable, map(str, files))):
        raise InputError(reason)


def _is_picture(file: Path, skip: bool) -> bool:
    reason = problem(file)
    if reason and not skip:
        raise InputError(f"{file} is no picture: {reason}")
    if reason:
        _notice(file, reason)
    return not reason


@cache
def _notice(file: Path, reason: str) -> None:
    # Once, although a run looks at its files several times.
    log.warning("%s is left out: %s", file, reason)
