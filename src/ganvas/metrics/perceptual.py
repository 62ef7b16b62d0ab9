"""LPIPS of the whole picture, or of the face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from ganvas.loss.crop import Crop
from ganvas.metrics.metric import Direction
from ganvas.metrics.picture import PictureMetric

if TYPE_CHECKING:
    import torch
    from jaxtyping import Float, UInt8
    from torch import Tensor

CROPS = {"all": Crop(0, 0, 1, 1), "face": Crop()}
"""The parts of an FFHQ-aligned photograph."""

SMALLEST = 32


@dataclass(frozen=True)
class LPIPS(PictureMetric):
    """Learned perceptual distance. Zhang et al. 2018.

    Attributes:
        net: The network: vgg (VGG16) or alex (AlexNet).
        crop: "all" of the picture, or its "face": x from 3/16 to 13/16, y from 5/16 to 15/16.
        resolution: Height and width to which what is compared is shrunken.
    """

    direction: ClassVar[Direction] = "lower"

    net: Literal["vgg", "alex"] = "vgg"
    crop: Literal["all", "face"] = "all"
    resolution: Annotated[int, Field(ge=SMALLEST)] = 256

    def load(self, device: torch.device) -> None:
        """Load the network."""
        from ganvas.network.lpips import perceptual_distance

        perceptual_distance(self.net, str(device))

    def compare(
        self, pictures: UInt8[Tensor, "B 3 H W"], targets: UInt8[Tensor, "B 3 H W"]
    ) -> Float[Tensor, " B"]:
        """Compare image by image."""
        import torch

        from ganvas.network.lpips import perceptual_distance

        module = perceptual_distance(self.net, str(pictures.device)).module
        with torch.no_grad():
            pairs = zip(self._seen(pictures), self._seen(targets), strict=True)
            return torch.cat([module(a, b).flatten() for a, b in pairs])

    def compared(self, resolution: int) -> str:
        """State network, crop and resolution."""
        name = {"vgg": "VGG16", "alex": "AlexNet"}[self.net]
        _, width = CROPS[self.crop].size(resolution)
        side = self._side(width)
        part = "" if self.crop == "all" else f" of the {self.crop}"
        return f"LPIPS v0.1{part}, {name}, at {side}², input [−1, 1]"

    def _seen(self, pictures: Tensor) -> list[Tensor]:
        from ganvas.functional.images import from_uint8, resize

        parts = [CROPS[self.crop].cut(from_uint8(picture[None])) for picture in pictures]
        return [resize(part, self._side(part.shape[-1])) for part in parts]

    def _side(self, side: int) -> int:
        """Return what a side of `side` pixels is brought to; AlexNet needs SMALLEST."""
        return max(SMALLEST, min(self.resolution, side))
