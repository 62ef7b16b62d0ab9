"""Random changes of a drawn picture that its latent should survive: the gap to photographs."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ganvas.system.gradient import no_grad

if TYPE_CHECKING:
    import torch
    from jaxtyping import Float
    from torch import Tensor

Amount = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True)
class Augmentation:
    """How strongly a picture is changed; each strength is drawn anew for every picture.

    Attributes:
        colour: Greatest change of brightness, contrast and saturation, as a fraction; 0: none.
        blur: Greatest standard deviation of a Gaussian blur, in pixels; 0: none.
        jpeg: Lowest quality of JPEG that a picture is saved in and read from, up to 95; null: none.
        crop: Greatest part of a side that is cut off or shifted, as a badly aligned face; 0: none.
    """

    colour: Amount = 0.1
    blur: Annotated[float, Field(ge=0, le=16)] = 1.0
    jpeg: Annotated[int, Field(ge=5, le=95)] | None = 60
    crop: Amount = 0.02

    @no_grad
    def __call__(
        self, picture: Float[Tensor, "1 3 H W"], rng: torch.Generator
    ) -> Float[Tensor, "1 3 H W"]:
        """Return the changed picture (1, 3, H, W) of one in [−1, 1]."""
        import torch

        # Always as many numbers, so that one strength does not change the draws of the others.
        draws = torch.rand(8, generator=rng).tolist()
        if self.crop:
            picture = shifted(picture, self.crop * draws[0], draws[1], draws[2])
        if self.colour:
            signed = [1 + self.colour * (2 * u - 1) for u in draws[3:6]]
            picture = recoloured(picture, *signed)
        if self.blur:
            picture = blurred(picture, self.blur * draws[6])
        if self.jpeg is not None:
            picture = through_jpeg(picture, round(self.jpeg + (95 - self.jpeg) * draws[7]))
        return picture.clamp(-1, 1)

    @no_grad
    def many(
        self, pictures: Float[Tensor, "B 3 H W"], rng: torch.Generator
    ) -> Float[Tensor, "B 3 H W"]:
        """Return changed pictures as a call does, all at a time; the amounts come from the CPU.

        A part is enlarged by bilinear interpolation, which a call does with a filter.
        """
        import torch

        drawn = torch.rand(8, len(pictures), 1, 1, 1, generator=rng)
        u = drawn.to(pictures.device, non_blocking=True)
        # Pictures keep their precision, also where a training reduces that of networks.
        with torch.autocast(pictures.device.type, enabled=False):
            if self.crop:
                pictures = shifted_many(pictures, self.crop * u[0], u[1], u[2])
            if self.colour:
                brightness, contrast, saturation = 1 + self.colour * (2 * u[3:6] - 1)
                pictures = recoloured(pictures, brightness, contrast, saturation)
            if self.blur:
                pictures = blurred_many(pictures, self.blur * u[6], self.blur)
            if self.jpeg is not None:
                qualities = (self.jpeg + (95 - self.jpeg) * drawn[7]).flatten().tolist()
                pairs = zip(pictures.cpu()[:, None], qualities, strict=True)
                changed = torch.cat([through_jpeg(p, round(quality)) for p, quality in pairs])
                pictures = changed.to(pictures.device, non_blocking=True)
        return pictures.clamp(-1, 1)


def shifted(
    picture: Float[Tensor, "1 3 H W"], cut: float, right: float, down: float
) -> Float[Tensor, "1 3 H W"]:
    """Cut off `cut` of both sides, at a position in [0, 1] each way, and enlarge the rest."""
    from ganvas.functional.images import crop, resize

    left, top = cut * right, cut * down
    part = crop(picture, left, top, left + 1 - cut, top + 1 - cut)
    height, width = picture.shape[-2:]
    return resize(part, (height, width))


def shifted_many(
    pictures: Float[Tensor, "B 3 H W"],
    cut: Float[Tensor, "B 1 1 1"],
    right: Float[Tensor, "B 1 1 1"],
    down: Float[Tensor, "B 1 1 1"],
) -> Float[Tensor, "B 3 H W"]:
    """Do as `shifted` does, with amounts for each picture and parts of pixels."""
    import torch
    from torch.nn import functional as F

    scale = (1 - cut).flatten()
    # The middle of the part that stays, in coordinates from −1 to 1.
    x, y = (cut * (2 * position - 1) for position in (right, down))
    zero = torch.zeros_like(scale)
    rows = [torch.stack([scale, zero, x.flatten()], 1), torch.stack([zero, scale, y.flatten()], 1)]
    grid = F.affine_grid(torch.stack(rows, 1), list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures, grid, padding_mode="border", align_corners=False)


def recoloured(
    picture: Float[Tensor, "B 3 H W"],
    brightness: float | Tensor,
    contrast: float | Tensor,
    saturation: float | Tensor,
) -> Float[Tensor, "B 3 H W"]:
    """Multiply brightness, the distance from the mean, and the distance from grey.

    A factor is one number, or one for each picture: (B, 1, 1, 1).
    """
    from ganvas.functional.jitter import toned

    return brightness * (toned(picture, contrast, saturation) + 1) - 1


def blurred(picture: Float[Tensor, "1 3 H W"], sigma: float) -> Float[Tensor, "1 3 H W"]:
    """Blur a picture (1, 3, H, W) by a Gaussian of `sigma` pixels, mirrored at the edges."""
    import torch
    from torch.nn import functional as F

    from ganvas.functional.blur import blur

    radius = min(round(3 * sigma), picture.shape[-1] - 1)
    if radius == 0:
        return picture
    offsets = torch.arange(-radius, radius + 1, device=picture.device, dtype=picture.dtype)
    kernel = (-(offsets / sigma).square() / 2).exp()
    return blur(F.pad(picture, (radius,) * 4, mode="reflect"), kernel / kernel.sum())


def blurred_many(
    pictures: Float[Tensor, "B 3 H W"], sigma: Float[Tensor, "B 1 1 1"], greatest: float
) -> Float[Tensor, "B 3 H W"]:
    """Do as `blurred` does, with a σ of at most `greatest` pixels for each picture."""
    import torch
    from torch.nn import functional as F

    radius = min(round(3 * greatest), pictures.shape[-1] - 1)
    if radius == 0:
        return pictures
    count, _, height, width = pictures.shape
    offsets = torch.arange(-radius, radius + 1, device=pictures.device, dtype=pictures.dtype)
    # So narrow that nothing is left of the neighbours, where σ is 0.
    kernels = (-(offsets / sigma.clamp_min(0.1)).square() / 2).exp()
    kernels = (kernels / kernels.sum(-1, keepdim=True)).repeat_interleave(3, 0)
    padded = F.pad(pictures, (radius,) * 4, mode="reflect")
    groups = 3 * count
    one = padded.reshape(1, groups, height + 2 * radius, width + 2 * radius)
    one = F.conv2d(F.conv2d(one, kernels, groups=groups), kernels.mT, groups=groups)
    return one.view(count, 3, height, width)


def through_jpeg(picture: Float[Tensor, "1 3 H W"], quality: int) -> Float[Tensor, "1 3 H W"]:
    """Save a picture (1, 3, H, W) as JPEG in memory and read it back."""
    import numpy as np
    import torch
    from PIL import Image

    from ganvas.functional.images import from_uint8, to_uint8
    from ganvas.image.picture import to_picture

    file = io.BytesIO()
    to_picture(to_uint8(picture)[0].cpu()).save(file, "JPEG", quality=quality)
    with Image.open(file) as opened:
        pixels = torch.from_numpy(np.array(opened))
    return from_uint8(pixels.permute(2, 0, 1))[None].to(picture.device)
