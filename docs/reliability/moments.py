"""Moments in the life of a command: what it does with files, counted, so that one can be repeated.

Python reports each opening, renaming, removing and so on to audit hooks. The n-th of them is the
same moment in every repetition of a command, however busy the machine is.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

COUNTED = {
    "open", "os.link", "os.listdir", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.scandir",
    "os.truncate",
}  # fmt: skip


def at(number: int, act: Callable[[], object]) -> Callable[[], None]:
    """Return a function that makes this process call `act` at its `number`-th moment from now."""

    def arm() -> None:
        passed = 0

        def hook(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal passed
            if event not in COUNTED or passed > number:
                return
            passed += 1
            if passed == number:
                passed += 1  # what `act` does with files is no moment
                act()

        sys.addaudithook(hook)

    return arm


def counting(writer: int) -> Callable[[], None]:
    """Return a function that makes this process write a byte to `writer` at each moment."""

    def arm() -> None:
        def hook(event: str, arguments: tuple[object, ...]) -> None:
            if event in COUNTED:
                os.write(writer, b".")

        sys.addaudithook(hook)

    return arm


def refuse(error: type[OSError], code: int, below: str) -> None:
    """Refuse, from now on, to write, rename, remove or make anything below a folder."""

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open":
            path, _, flags = arguments[:3]
            changes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        else:
            path, changes = (arguments or ("",))[0], event in COUNTED - {"os.scandir", "os.listdir"}
        if changes and isinstance(path, str | bytes | os.PathLike):
            name = os.fsdecode(path)
            # What has a relative name is below the working folder.
            if not name.startswith("/") or name.startswith(below):
                raise error(code, os.strerror(code), name)

    sys.addaudithook(hook)
