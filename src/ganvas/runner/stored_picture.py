"""The pictures of a record: which file is the exact one, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ganvas.errors import DamagedError, InputError

if TYPE_CHECKING:
    from PIL import Image


def stored_picture(folder: Path, stem: str) -> Path:
    """Return the exact picture of this name; a WebP beside a PNG is a film."""
    files = [folder / f"{stem}{suffix}" for suffix in (".png", ".jpg", ".webp")]
    return next((file for file in files if file.is_file()), files[-1])


def open_picture(file: Path) -> Image.Image:
    """Open a picture, all of it.

    Raises:
        InputError: There is none.
        DamagedError: It is cut or broken.
    """
    from PIL import Image

    with in_one_line():
        picture = Image.open(file)
        picture.load()
        return picture


@contextmanager
def in_one_line() -> Iterator[None]:
    """Say in a line what is wrong with a picture of the record."""
    try:
        yield
    except FileNotFoundError as error:
        raise InputError(f"no such picture: {error.filename}") from None
    except (OSError, SyntaxError, ValueError) as error:  # what Pillow raises over broken files
        raise DamagedError(f"a picture is cut or broken: {error}") from error
