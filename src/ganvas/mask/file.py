"""A mask from picture files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PIL import Image

from ganvas.errors import InputError, one_or
from ganvas.image.decode import reading
from ganvas.image.find import find_pictures
from ganvas.mask.base import Canvas, Mask
from ganvas.mask.over import over

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float
    from torch import Tensor

Channel = Literal["auto", "luma", "alpha"]


@dataclass(frozen=True)
class File(Mask):
    """M from the luma or the alpha of a picture: white or opaque is 1, greys are soft.

    Attributes:
        path: A picture file for all photographs, or a folder or glob with one file for each, in the
            order of their names; with `image.x.limit` or `shard`, one for each of those that are
            chosen, or for each of all. A square one lies over the cut photograph (target.webp) and
            is resized to it; one of exactly the size of a photograph that is not square is cut as
            that is (`image.x.crop`), and 0 beyond its border.
        channel: "luma", "alpha", or "auto": alpha where the file has any transparency, else luma.
    """

    path: Path
    channel: Channel = "auto"

    def draw(self, canvas: Canvas) -> Float[Tensor, "B 1 H W"]:
        """Read, cut and resize the files: (B, 1, H, W).

        Raises:
            InputError: A file is unusable, fits no photograph, or their number does not fit.
        """
        return read_masks(self.path, self.channel, canvas)


def read_masks(path: Path, channel: Channel, canvas: Canvas) -> Tensor:
    """Read one mask for all photographs of `canvas`, or one for each: (B, 1, H, W).

    Raises:
        InputError: A file is unusable, fits no photograph, or their number does not fit.
    """
    import torch

    found = find_pictures(path, skip=False)
    files = found if len(found) == 1 else canvas.of_photographs(found)
    if files is None:
        raise InputError(
            f"{path} holds {len(found)} masks; it needs {one_or(*canvas.counts)}, as many as "
            "image.x"
        )
    source = canvas.source
    photographs = source.files() if source is not None else []
    crop = source.crop if source is not None else "none"
    masks = []
    for place, file in enumerate(files):
        below = photographs if len(files) == 1 else photographs[place : place + 1]
        masks.append(over(read_mask(file, channel), file, canvas.size, below, crop))
    every = torch.cat(masks).expand(canvas.photographs, -1, -1, -1).to(canvas.device)
    return every.repeat_interleave(canvas.solutions, 0)


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
