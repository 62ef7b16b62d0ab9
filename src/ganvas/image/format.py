"""The format of a picture by its first bytes, whatever the file is called."""

from __future__ import annotations

from pathlib import Path

from ganvas.errors import InputError

HEAD = 64
"""Bytes that tell the format."""

SIGNATURES = {
    b"\x89PNG\r\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"BM": "BMP",
}

HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
"""Brands of a HEIC file; those of an AVIF file begin with avi."""


def format_of(file: Path) -> str:
    """Return PNG, JPEG, WebP, TIFF, BMP, AVIF or HEIC; "" for any other."""
    with file.open("rb") as opened:
        head = opened.read(HEAD)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[4:8] == b"ftyp":
        size = int.from_bytes(head[:4])
        brands = {head[8:12], *(head[at : at + 4] for at in range(16, min(size, HEAD), 4))}
        if any(brand.startswith(b"avi") for brand in brands):
            return "AVIF"
        return "HEIC" if brands & HEIC else ""
    return next((name for start, name in SIGNATURES.items() if head.startswith(start)), "")


def require_reader(name: str) -> None:
    """Load the plug-in of a format that Pillow alone does not read.

    Raises:
        InputError: There is none; it says what to install.
    """
    if name == "AVIF" and not _reads_avif():
        raise InputError(
            "AVIF needs a newer Pillow: pip install -U pillow, or save it as PNG or JPEG"
        )
    if name != "HEIC":
        return
    try:
        import pillow_heif
    except ImportError:
        raise InputError(
            "HEIC needs a plug-in: pip install 'ganvas[heic]', or save it as JPEG"
        ) from None
    pillow_heif.register_heif_opener()


def _reads_avif() -> bool:
    try:
        from PIL import AvifImagePlugin
    except ImportError:  # before 11.3
        return False
    return bool(AvifImagePlugin.SUPPORTED)
