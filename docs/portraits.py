"""Four public portraits, cut as FFHQ is: the photographs of the measurements in docs/."""

from __future__ import annotations

from pathlib import Path

from ganvas.image.picture import save_picture
from ganvas.image.source import Source

PORTRAITS = {
    "astronaut": Source(Path("ganvas:astronaut.png"), (30, 9, 226, 205)),
    "biden": Source(Path("asset:portraits/biden.jpg"), (347, 99, 839, 591)),
    "obama": Source(Path("asset:portraits/obama.jpg"), (280, 6, 716, 442)),
    "obama2": Source(Path("asset:portraits/obama2.jpg"), (33, 115, 587, 669)),
}


def cut(folder: Path) -> Path:
    """Write the portraits into `folder`, one PNG each, and return it."""
    for name, source in PORTRAITS.items():
        (picture,) = source.read().values()
        save_picture(picture, folder / f"{name}.png")
    return folder
