"""A mask from picture files."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PIL import Image

from ganvas.errors import InputError, one_or
from ganvas.image.decode import reading
from ganvas.image.find import find_pictures
from ganvas.mask.base import Canvas, Mask

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float
    from torch import Tensor

log = logging.getLogger(__name__)

Channel = Literal["auto", "luma", "alpha"]
ASPECT_TOLERANCE = 0.01
ROUNDING = 1e-5
"""How far rounding may take a resized mask from 1; levels of 16 bits are 1.5e-5 apart."""


@dataclass(frozen=True)
class File(Mask):
    """M from the luma or the alpha of a picture: white or opaque is 1, greys are soft.

    Attributes:
        path: A picture file for all photographs, of the size of the cut ones; or a folder or glob
            with one file for each, in the order of their names.
        channel: "luma", "alpha", or "auto": alpha where the file has any transparency, else luma.
    """

    path: Path
    channel: Channel = "auto"

    def draw(self, canvas: Canvas) -> Float[Tensor, "B 1 H W"]:
        """Read and resize the files: (B, 1, H, W).

        Raises:
            InputError: A file is unusable, has another aspect, or their number does not fit.
        """
        return read_masks(self.path, self.channel, canvas)


def read_masks(path: Path, channel: Channel, canvas: Canvas) -> Tensor:
    """Read one mask for all photographs of `canvas`, or one for each: (B, 1, H, W).

    Raises:
        InputError: A file is unusable, has another aspect, or their number does not fit.
    """
    import torch

    files = find_pictures(path, skip=False)
    if len(files) not in (1, canvas.photographs):
        raise InputError(
            f"{path} holds {len(files)} masks; it needs {one_or(canvas.photographs)}, as many as "
            "image.x"
        )
    masks = torch.cat([fit(read_mask(file, channel), canvas.size, file) for file in files])
    masks = masks.expand(canvas.photographs, -1, -1, -1).to(canvas.device)
    return masks.repeat_interleave(canvas.solutions, 0)


def read_mask(file: Path, channel: Channel) -> Tensor:
    """Decode one mask (1, 1, h, w) in [0, 1].

    Raises:
        InputError: The file is not a picture, or alpha is asked for and there is none.
    """
    import numpy as np
    import torch

    from ganvas.image.levels import DARKEST

    with reading(file, "mask") as opened:
        transparent = "A" in opened.getbands() or "transparency" in opened.info
        alpha = np.asarray(opened.convert("RGBA").getchannel("A")) if transparent else None
        luma = _luma(opened)
        colours = opened.mode == "P" and not _is_grey(opened)
    if channel == "alpha" and alpha is None:
        raise InputError(f"{file} has no alpha channel; use channel=luma")
    use_alpha = channel == "alpha" or (
        channel == "auto" and alpha is not None and bool((alpha < 255).any())
    )
    values = alpha if use_alpha and alpha is not None else luma
    brightest = values.max(initial=0)
    if values is luma and (colours or 0 < brightest < DARKEST):
        flaw = "a palette of colours" if colours else f"no level above {brightest:.3g} of 255"
        raise InputError(
            f"the mask {file} has {flaw}, as maps of labels have; save the one label that you "
            "mean in white on black"
        )
    return torch.from_numpy(values.astype(np.float32) / 255)[None, None]


def _luma(picture: Image.Image) -> np.ndarray:
    import numpy as np

    from ganvas.image.levels import grey_levels, is_deep

    if is_deep(picture):
        return grey_levels(picture)
    luma = np.asarray(picture.convert("RGB").convert("L"))
    # Bits are often saved as bytes.
    return luma * 255 if picture.mode == "L" and luma.max(initial=0) == 1 else luma


def _is_grey(picture: Image.Image) -> bool:
    """Return True where all colours that a picture uses are greys."""
    import numpy as np

    colours = np.asarray(picture.convert("RGB"))
    return bool((colours == colours[..., :1]).all())


def fit(mask: Tensor, size: tuple[int, int], file: Path) -> Tensor:
    """Resize a mask (1, 1, h, w) to `size` with a notice; what is 1 stays exactly 1.

    An edit hides what lies under a mask that is 1, and under one that is nearly 1 it looks.

    Raises:
        InputError: Its aspect differs by more than 1 %, so that it belongs to another picture.
    """
    from ganvas.functional.images import resize

    height, width = mask.shape[-2:]
    if (height, width) == size:
        return mask
    if abs(width * size[0] / (height * size[1]) - 1) > ASPECT_TOLERANCE:
        raise InputError(
            f"the mask {file} is {width}×{height} but the image {size[1]}×{size[0]}: another "
            "aspect; a mask lies over the cut photograph, which runs keep as target.webp"
        )
    log.warning("mask %s is resized from %d×%d to %d×%d", file, width, height, size[1], size[0])
    resized = resize(mask, size).clamp(0, 1)
    return resized.masked_fill(resized > 1 - ROUNDING, 1.0)
