"""Decoding picture files of any kind and mode."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from ganvas.errors import InputError, first_line
from ganvas.image.format import format_of, require_reader

log = logging.getLogger(__name__)

WRITABLE = (".png", ".jpg", ".jpeg", ".webp")
READABLE = (*WRITABLE, ".tif", ".tiff", ".bmp", ".avif", ".heic", ".heif", ".hif")

SERIES = ("TIFF", "WEBP", "PNG", "GIF", "AVIF")
"""Formats whose further pictures are pages or a film; those of a telephone's JPEG are previews."""

UNKNOWN = "no kind of picture that is known; save it as PNG, JPEG, WebP or an 8- or 16-bit TIFF"


def decode(file: Path) -> Image.Image:
    """Decode a picture of any mode to upright 8-bit RGB; transparency is laid on white.

    Raises:
        InputError: The file is not a picture that can be read, or its numbers lie in no range that
            `levels` knows.
    """
    from ganvas.image.levels import DARKEST

    with reading(file, "picture") as opened:
        picture = to_rgb(opened)
    brightest = max(int(high) for _, high in picture.getextrema())  # type: ignore[misc]
    if 0 < brightest < DARKEST:
        _notice(f"{file} is almost black: its brightest level is {brightest} of 255")
    return picture


@contextmanager
def reading(file: Path, role: str) -> Iterator[Image.Image]:
    """Open a picture of any mode, turned as its EXIF orientation says.

    Args:
        file: The file.
        role: What it is read as, for messages.

    Raises:
        InputError: It is not a picture that can be read, or not used as one inside of the context.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            require_reader(format_of(file))
            with Image.open(file) as opened:
                opened.load()
                if opened.format in SERIES and (count := getattr(opened, "n_frames", 1)) > 1:
                    _notice(f"{file} holds {count} pictures; the first one is taken")
                yield ImageOps.exif_transpose(opened)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InputError(f"the {role} {file} is suspiciously large: {error}") from error
    except UnidentifiedImageError as error:
        raise InputError(f"cannot read the {role} {file}: {_unknown(file)}") from error
    except Exception as error:  # Decoders meet broken files with errors of every kind.
        raise InputError(f"cannot read the {role} {file}: {first_line(error)}") from error


def problem(file: Path) -> str:
    """Return why a file that is called like a picture is none, or ""; only its header is read."""
    if not file.is_file():
        return "a folder" if file.is_dir() else "a link to nothing" if file.is_symlink() else "gone"
    try:
        known = format_of(file)
        require_reader(known)
        with Image.open(file):
            return ""
    except UnidentifiedImageError:
        return "" if known else _unknown(file)
    except InputError as error:
        return str(error)
    except Exception:  # A picture, if one that is too large or broken: decoding will say how.
        return ""


def to_rgb(picture: Image.Image) -> Image.Image:
    """Convert any mode to 8-bit RGB; deep greys by `levels`' rule, transparency on white.

    Raises:
        ValueError: The numbers lie in none of the rule's ranges.
    """
    import numpy as np

    from ganvas.image.levels import grey_levels, is_deep

    if is_deep(picture):
        grey = np.clip(np.round(grey_levels(picture)), 0, 255).astype(np.uint8)
        if "transparency" in picture.info:
            grey[np.asarray(picture) == picture.info["transparency"]] = 255
        return Image.fromarray(grey).convert("RGB")
    if "A" in picture.getbands() or "transparency" in picture.info:
        over = picture.convert("RGBA")
        under = Image.new("RGBA", over.size, "white")
        return Image.alpha_composite(under, over).convert("RGB")
    if picture.mode == "L" and picture.getextrema() == (0, 1):
        # Bits in bytes.
        return picture.point(lambda level: 255 * level).convert("RGB")
    return picture.convert("RGB")


def _unknown(file: Path) -> str:
    if not file.stat().st_size:
        return "the file is empty"
    if name := format_of(file):
        return f"the {name} is cut or damaged, or of a kind that is not read; save it as PNG"
    return UNKNOWN


@cache
def _notice(line: str) -> None:
    # Once, although a run reads its files several times.
    log.warning("%s", line)
