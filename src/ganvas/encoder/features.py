"""Frozen features of a picture, pooled in space: what a linear encoder sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ganvas.errors import ConfigError, nearest
from ganvas.system.gradient import no_grad

if TYPE_CHECKING:
    import torch
    from jaxtyping import Float
    from torch import Tensor

    from ganvas.network.vgg import VGG16

CHANNELS = {"1": 64, "2": 128, "3": 256, "4": 512, "5": 512}
"""Channels of VGG16's layers by their group, the first digit of their names."""
IDENTITY, PARSED = 512, 19
"""Length of ArcFace's vector, and BiSeNet's classes."""

Grid = Annotated[int, Field(ge=0, le=64)]
Side = Annotated[int, Field(ge=16, le=1024)]


@dataclass(frozen=True)
class Features:
    """Which features of a picture are taken, and how finely each is averaged over the picture.

    Attributes:
        pixels: Mean colours on a grid of so many squares each way; 0: none.
        vgg: Layers of VGG16, after the ReLU, each with its grid; null: none.
        vgg_resolution: Height and width at which VGG16 sees the picture.
        identity: Whether ArcFace's 512 numbers of an FFHQ-aligned face are among them.
        parsing: Shares of BiSeNet's 19 classes of a face on a grid; 0: none.
        parsing_resolution: Height and width at which BiSeNet sees the picture.
    """

    pixels: Grid = 8
    vgg: dict[str, Grid] | None = None
    vgg_resolution: Side = 128
    identity: bool = False
    parsing: Grid = 0
    parsing_resolution: Side = 256

    def __post_init__(self) -> None:
        if not (self.pixels or any((self.vgg or {}).values()) or self.identity or self.parsing):
            raise ConfigError("features: there is none; choose pixels, vgg, identity or parsing")
        for name in self.vgg or {}:
            if name not in VGG_LAYERS:
                raise ConfigError(f"features.vgg: no layer '{name}'{nearest(name, VGG_LAYERS)}")

    def load(self, device: torch.device) -> None:
        """Load the networks, so that a missing one is named before any work.

        Raises:
            AssetError: The weights of one cannot be had.
        """
        if self.vgg:
            self._vgg16(device)
        if self.identity:
            from ganvas.network.arcface import arcface

            arcface(str(device))
        if self.parsing:
            from ganvas.network.bisenet import face_parser

            face_parser(str(device))

    def length(self, side: int) -> int:
        """Return F, how many numbers it takes of pictures of a height and width."""
        grids = [(3, self.pixels, side), (PARSED, self.parsing, -(-self.parsing_resolution // 8))]
        for name, grid in (self.vgg or {}).items():
            group = name[4]
            grids.append((CHANNELS[group], grid, self.vgg_resolution >> (int(group) - 1)))
        squares = sum(channels * min(grid, most) ** 2 for channels, grid, most in grids)
        return squares + (IDENTITY if self.identity else 0)

    @no_grad
    def __call__(self, pictures: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B F"]:
        """Return the features (B, F) of pictures (B, 3, H, W) in [−1, 1], one after another.

        A picture's features do not depend on the pictures beside it, not in a bit.
        """
        import torch

        return torch.cat([self._of_one(picture[None]) for picture in pictures])

    def _of_one(self, picture: Float[Tensor, "1 3 H W"]) -> Float[Tensor, "1 F"]:
        import torch

        from ganvas.functional.images import resize

        parts = []
        if self.pixels:
            parts.append(pooled(picture, self.pixels))
        if self.vgg:
            maps = self._vgg16(picture.device)(resize(picture, self.vgg_resolution), self.vgg)
            parts += [pooled(maps[name], grid) for name, grid in self.vgg.items() if grid]
        if self.identity:
            from ganvas.network.arcface import identity_features

            parts.append(identity_features(picture))
        if self.parsing:
            parts.append(pooled(self._classes(picture), self.parsing))
        return torch.cat(parts, 1)

    def _vgg16(self, device: torch.device) -> VGG16:
        from ganvas.network.vgg import vgg16

        return vgg16(str(device))

    def _classes(self, picture: Float[Tensor, "1 3 H W"]) -> Float[Tensor, "1 19 h w"]:
        """Return the probability of each class: (1, 19, h, w), an eighth of the resolution."""
        from ganvas.functional.images import resize
        from ganvas.network.bisenet import face_parser

        parser = face_parser(str(picture.device))
        return parser.scores(resize(picture, self.parsing_resolution)).softmax(1)


VGG_LAYERS = tuple(
    f"conv{group}_{i}" for group, count in enumerate((2, 2, 3, 3, 3), 1)
    for i in range(1, count + 1)
)  # fmt: skip
"""The names of VGG16's layers, known without importing torch."""


def pooled(maps: Float[Tensor, "B C h w"], grid: int) -> Float[Tensor, "B F"]:
    """Average maps (B, C, h, w) over a grid × grid of equal areas: (B, C · grid²)."""
    from torch.nn import functional as F

    return F.adaptive_avg_pool2d(maps, min(grid, maps.shape[-1])).flatten(1)
