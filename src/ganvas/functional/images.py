"""Images and masks as tensors: ranges, sizes, 8-bit pictures."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def to_uint8(images: Tensor) -> Tensor:
    """Quantise images (B, 3, H, W) in [−1, 1] to 8 bits, as they are saved: uint8 in [0, 255].

    >>> to_uint8(torch.tensor([-1.0, 0.0, 1.0, 7.0])).tolist()
    [0, 128, 255, 255]
    """
    return ((images.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def from_uint8(pictures: Tensor) -> Tensor:
    """Map 8-bit pictures (…, uint8) to float32 in [−1, 1]; the inverse of `to_uint8`."""
    return pictures.float() / 127.5 - 1


def resize(images: Tensor, size: int | tuple[int, int]) -> Tensor:
    """Resize (B, C, H, W) to `size`: box means by whole factors, else antialiased bilinear."""
    height, width = (size, size) if isinstance(size, int) else size
    if images.shape[-2:] == (height, width):
        return images
    if images.shape[-2] % height == 0 and images.shape[-1] % width == 0:
        return F.avg_pool2d(images, (images.shape[-2] // height, images.shape[-1] // width))
    return F.interpolate(
        images, (height, width), mode="bilinear", antialias=True, align_corners=False
    )


def crop(images: Tensor, left: float, top: float, right: float, bottom: float) -> Tensor:
    """Cut out of (B, C, H, W) between edges in fractions of width and height, to whole pixels."""
    height, width = images.shape[-2:]
    rows = slice(round(top * height), round(bottom * height))
    return images[..., rows, round(left * width) : round(right * width)]
