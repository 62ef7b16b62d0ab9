"""Contact sheets and strips: many pictures on one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PIL import Image, ImageDraw, ImageOps
from torch import Tensor

from ganvas.functional.images import resize, to_uint8
from ganvas.image.picture import to_picture

GAP = 4
LABEL = 16
INK = (30, 30, 30)
PAPER = (255, 255, 255)
EDGE = (208, 208, 208)


def contact_sheet(rows: Mapping[str, Mapping[str, Image.Image]], cell: int = 256) -> Image.Image:
    """Lay out a named row of labelled pictures per image, each shrunk to `cell` pixels."""
    columns = max(len(row) for row in rows.values())
    width, height = columns * (cell + GAP) + GAP, 2 * LABEL + cell + GAP
    sheet = Image.new("RGB", (width, len(rows) * height + GAP), PAPER)
    pen = ImageDraw.Draw(sheet)
    for line, (name, row) in enumerate(rows.items()):
        pen.text((GAP + 1, GAP + line * height), name, fill=INK)
        top = GAP + LABEL + line * height
        for column, (label, picture) in enumerate(row.items()):
            left = GAP + column * (cell + GAP)
            pen.text((left + 1, top), label, fill=INK)
            # A mask that is 1 everywhere is as white as the paper.
            pen.rectangle(
                (left - 1, top + LABEL - 1, left + cell, top + LABEL + cell), outline=EDGE
            )
            sheet.paste(shrink(picture, cell), (left, top + LABEL))
    return sheet


def strip(pictures: Sequence[Image.Image], cell: int = 256) -> Image.Image:
    """Lay pictures side by side, each shrunk to `cell` pixels."""
    joined = Image.new("RGB", (len(pictures) * cell, cell), PAPER)
    for index, picture in enumerate(pictures):
        joined.paste(shrink(picture, cell), (index * cell, 0))
    return joined


def shrink(picture: Image.Image, cell: int) -> Image.Image:
    """Fit a picture into a square of `cell` pixels, sharp and without blocks."""
    return ImageOps.pad(picture, (cell, cell), Image.Resampling.LANCZOS, PAPER)


def frames_of(images: Tensor, resolution: int) -> list[Image.Image]:
    """Turn images (B, 3, H, W) in [−1, 1] into 8-bit pictures of at most `resolution`."""
    size = min(resolution, images.shape[-1])
    return [to_picture(image) for image in to_uint8(resize(images, size))]


def mask_picture(mask: Tensor) -> Image.Image:
    """Turn one mask (1, H, W) in [0, 1] into a grey picture; white is 1."""
    return to_picture((mask.expand(3, -1, -1) * 255).round().to(dtype=to_uint8(mask).dtype))
