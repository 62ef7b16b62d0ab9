"""Changes of colour and position that a gradient passes, another one for each image.

What a discriminator sees is changed, real and drawn alike, so that it cannot learn the pictures by
heart. Source: Zhao et al. 2020, Differentiable augmentation; where only some of the images are
changed, the generator does not learn the changes (Karras et al. 2020, ADA, section 2.2).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def recoloured(
    images: Float[Tensor, "B 3 H W"],
    brightness: Float[Tensor, " B"],
    contrast: Float[Tensor, " B"],
    saturation: Float[Tensor, " B"],
) -> Float[Tensor, "B 3 H W"]:
    """Add the brightness, then multiply what differs from grey and what differs from the mean.

    Args:
        images: (B, 3, H, W) in [−1, 1].
        brightness: (B,), 0 for none.
        contrast: (B,), 1 for none.
        saturation: (B,), 1 for none.
    """
    images = images + _per_image(brightness)
    return toned(images, _per_image(contrast), _per_image(saturation))


def toned(
    images: Float[Tensor, "B 3 H W"], contrast: float | Tensor, saturation: float | Tensor
) -> Float[Tensor, "B 3 H W"]:
    """Multiply what differs from grey, then what differs from the mean.

    A factor is one number, or one for each image: (B, 1, 1, 1).
    """
    grey = images.mean(1, keepdim=True)
    images = grey + saturation * (images - grey)
    mean = images.mean((1, 2, 3), keepdim=True)
    return mean + contrast * (images - mean)


def shifted(
    images: Float[Tensor, "B C H W"], right: Float[Tensor, " B"], down: Float[Tensor, " B"]
) -> Float[Tensor, "B C H W"]:
    """Shift each image by a number of pixels (B,); what is laid bare is mirrored."""
    height, width = images.shape[-2:]
    move = torch.eye(2, 3, device=images.device).repeat(len(images), 1, 1)
    move[:, 0, 2], move[:, 1, 2] = -2 * right / width, -2 * down / height
    grid = F.affine_grid(move, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)


def jittered(
    images: Float[Tensor, "B 3 H W"],
    rng: torch.Generator,
    probability: float,
    colour: float,
    shift: float,
) -> Float[Tensor, "B 3 H W"]:
    """Recolour some of the images and shift some, each by an amount of its own.

    Args:
        images: (B, 3, H, W) in [−1, 1].
        rng: On the device of the images.
        probability: Of each of the two changes, per image.
        colour: Greatest change of brightness (of 1), contrast and saturation (of their factor 1).
        shift: Greatest shift, as a fraction of a side.
    """
    if probability == 0:
        return images
    chosen, signed = torch.rand(
        2, 5, len(images), generator=rng, device=images.device
    )  # rows: brightness, contrast, saturation, right, down
    signed = 2 * signed - 1
    # By numbers, not by a list of them, whose tensor the device would be waited for.
    is_coloured, is_moved = (chosen[:2] < probability).float()
    brightness, contrast, saturation = is_coloured * signed[:3] * colour
    right, down = (is_moved * signed[3:] * shift * images.shape[-1]).round()
    return shifted(recoloured(images, brightness, 1 + contrast, 1 + saturation), right, down)


def _per_image(values: Tensor) -> Tensor:
    return values[:, None, None, None]
