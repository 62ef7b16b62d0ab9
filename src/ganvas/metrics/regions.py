"""Metrics of an edit: inside and outside of its mask, and along the mask's edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from ganvas.metrics.context import Context, Region
from ganvas.metrics.metric import Direction, Metric

if TYPE_CHECKING:
    import torch
    from jaxtyping import Float, UInt8
    from torch import Tensor

Side = Literal["inside", "outside"]


@dataclass(frozen=True)
class RegionPSNR(Metric):
    """PSNR over one side of the edit's mask.

    Attributes:
        side: Which one: inside or outside.
    """

    direction: ClassVar[Direction] = "higher"
    unit: ClassVar[str] = "dB"

    side: Side = "inside"

    def measure(self, context: Context) -> Float[Tensor, " B"] | None:
        """Compare with what that side should resemble."""
        if context.region is None:
            return None
        return region_psnr(context.result, *_side(context.region, self.side))

    def about(self, resolution: int) -> str:
        """State the range and where."""
        return f"range [0, 255], over {_where(self.side)}"


@dataclass(frozen=True)
class RegionLPIPS(Metric):
    """LPIPS-VGG, its map averaged over one side of the edit's mask.

    Attributes:
        side: Which one: inside or outside.
        resolution: Height and width at which it is computed.
    """

    direction: ClassVar[Direction] = "lower"

    side: Side = "inside"
    resolution: Annotated[int, Field(ge=32)] = 256

    def load(self, device: torch.device) -> None:
        """Load the network."""
        from ganvas.network.lpips import perceptual_distance

        perceptual_distance("vgg", str(device))

    def measure(self, context: Context) -> Float[Tensor, " B"] | None:
        """Compare with what that side should resemble."""
        if context.region is None:
            return None
        return region_lpips(context.result, *_side(context.region, self.side), self.resolution)

    def about(self, resolution: int) -> str:
        """State network, resolution and where."""
        size = f"{min(resolution, self.resolution)}²"
        return f"LPIPS v0.1, VGG16, at {size}, map averaged over {_where(self.side)}"


@dataclass(frozen=True)
class Seam(Metric):
    """How much steeper the result is along the mask's edge than the photographs are there."""

    direction: ClassVar[Direction] = "lower"

    def measure(self, context: Context) -> Float[Tensor, " B"] | None:
        """Compare the steepness across the edge."""
        if context.region is None:
            return None
        region = context.region
        return seam(context.result, region.inside, region.outside, region.mask)

    def about(self, resolution: int) -> str:
        """State where, and what is taken off."""
        return "8-bit steps per pixel along the mask's edge, beyond the photos' own"


def region_psnr(
    pictures: UInt8[Tensor, "B 3 H W"],
    targets: UInt8[Tensor, "B 3 H W"],
    mask: Float[Tensor, "B 1 H W"],
) -> Float[Tensor, " B"]:
    """PSNR in dB (B,) over the region: squared errors weighted by the mask, per its area.

    NaN where the mask is 0 everywhere.
    """
    from ganvas.functional.quality import psnr_from_mse

    error = (pictures.double() - targets.double()).square().mean(1, keepdim=True)
    mse = (error * mask).sum((1, 2, 3)) / mask.double().sum((1, 2, 3))
    return psnr_from_mse(mse, span=255.0)


def region_lpips(
    pictures: UInt8[Tensor, "B 3 H W"],
    targets: UInt8[Tensor, "B 3 H W"],
    mask: Float[Tensor, "B 1 H W"],
    resolution: int,
) -> Float[Tensor, " B"]:
    """LPIPS-VGG (B,), its spatial map averaged over the region; NaN where the mask is 0 everywhere.

    Images are shrunk to `resolution` pixels a side, if they are larger.
    """
    import torch

    from ganvas.functional.images import from_uint8, resize
    from ganvas.network.lpips import perceptual_distance

    size = min(resolution, pictures.shape[-1])
    network = perceptual_distance("vgg", str(pictures.device))
    values = []
    with torch.no_grad():
        for a, b, m in zip(pictures, targets, mask, strict=True):
            reference = network.reference(resize(from_uint8(b[None]), size))
            region = resize(m[None].float(), size)
            values.append(network(resize(from_uint8(a[None]), size), reference, region))
    return torch.cat(values).masked_fill(mask.amax((1, 2, 3)) <= 0, torch.nan)


def seam(
    pictures: UInt8[Tensor, "B 3 H W"],
    inside: UInt8[Tensor, "B 3 H W"],
    outside: UInt8[Tensor, "B 3 H W"],
    mask: Float[Tensor, "B 1 H W"],
) -> Float[Tensor, " B"]:
    """How much steeper a picture is along the mask's edge than the photos are there, (B,).

    The mean absolute gradient across the edge, in 8-bit steps per pixel, minus that of the steeper
    photo. 0 or less means no visible seam, NaN that the mask has no edge.
    """
    import torch

    from ganvas.functional.masks import edge_weight

    weight = edge_weight(mask)

    def steepness(images: Tensor) -> Tensor:
        luma = images.double().mean(1, keepdim=True)
        return (edge_weight(luma) * weight).sum((1, 2, 3)) / weight.double().sum((1, 2, 3))

    return steepness(pictures) - torch.maximum(steepness(inside), steepness(outside))


def _side(region: Region, side: Side) -> tuple[Tensor, Tensor]:
    """Return what a side should resemble, and its weight at each pixel."""
    if side == "inside":
        return region.inside, region.mask
    return region.outside, 1 - region.mask


def _where(side: Side) -> str:
    return "the mask's region" if side == "inside" else "the rest"
