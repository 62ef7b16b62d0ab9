"""Frozen feature maps of a picture: what a trained network sees, with its place in the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import Field

from ganvas.encoder.features import CHANNELS, IDENTITY, VGG_LAYERS
from ganvas.errors import ConfigError, nearest
from ganvas.system.gradient import no_grad

if TYPE_CHECKING:
    import torch
    from jaxtyping import Float
    from torch import Tensor

Side = Annotated[int, Field(ge=16, le=1024)]


class Shape(NamedTuple):
    """The channels of a map, and its height and width."""

    channels: int
    side: int


class Seen(NamedTuple):
    """What is seen of pictures.

    Attributes:
        maps: One (B, C, r, r) for each of `Maps.shapes`.
        vector: (B, V), what has no place in the picture; V may be 0.
    """

    maps: list[Tensor]
    vector: Tensor

    def first(self, count: int) -> Seen:
        """Return what is seen of the first `count` pictures."""
        return Seen([m[:count] for m in self.maps], self.vector[:count])

    def repeated(self, count: int) -> Seen:
        """Return what is seen of one picture, `count` times."""
        maps = [m.expand(count, -1, -1, -1) for m in self.maps]
        return Seen(maps, self.vector.expand(count, -1))


@dataclass(frozen=True)
class Maps:
    """Which maps of a picture are taken.

    Each is half as high as the one before it, a quarter and so on, or as high.

    Attributes:
        picture: Height and width of the picture itself among the maps; 0: it is not.
        vgg: Layers of VGG16 after the ReLU; at each position they are scaled to a root mean square
            of 1, as LPIPS does, so that contrast and the kind of picture matter less.
        vgg_resolution: Height and width at which VGG16 sees the picture.
        identity: Whether ArcFace's 512 numbers of an FFHQ-aligned face are seen as well.
    """

    picture: Annotated[int, Field(ge=0, le=1024)] = 64
    vgg: tuple[str, ...] = ()
    vgg_resolution: Side = 256
    identity: bool = False

    def __post_init__(self) -> None:
        for name in self.vgg:
            if name not in VGG_LAYERS:
                raise ConfigError(f"maps.vgg: no layer '{name}'{nearest(name, VGG_LAYERS)}")
        if len(set(self.vgg)) < len(self.vgg):
            raise ConfigError(f"maps.vgg={list(self.vgg)}: each layer once")
        if not self.shapes():
            raise ConfigError("maps: there is none; choose picture or vgg")
        sides = sorted({shape.side for shape in self.shapes()}, reverse=True)
        for side in sides:
            if (ratio := sides[0] // side) & (ratio - 1) or side * ratio != sides[0]:
                raise ConfigError(
                    f"maps: they are {', '.join(f'{s}²' for s in sides)}; each must be a half, a "
                    "quarter, … of the first"
                )

    def shapes(self) -> list[Shape]:
        """Return the shapes of the maps, in their order."""
        shapes = [Shape(3, self.picture)] if self.picture else []
        for name in self.vgg:
            group = name[4]
            shapes.append(Shape(CHANNELS[group], self.vgg_resolution >> (int(group) - 1)))
        return shapes

    def vector(self) -> int:
        """Return how many numbers have no place in the picture."""
        return IDENTITY if self.identity else 0

    def load(self, device: torch.device) -> None:
        """Load the networks, so that a missing one is named before any work.

        Raises:
            AssetError: The weights of one cannot be had.
        """
        if self.vgg:
            from ganvas.network.vgg import vgg16

            vgg16(str(device))
        if self.identity:
            from ganvas.network.arcface import arcface

            arcface(str(device))

    @no_grad
    def __call__(self, pictures: Float[Tensor, "B 3 H W"]) -> Seen:
        """Return the maps and the vector of pictures (B, 3, H, W) in [−1, 1]."""
        from ganvas.functional.images import resize
        from ganvas.functional.lpips import unit_features

        maps = [resize(pictures, self.picture)] if self.picture else []
        if self.vgg:
            from ganvas.network.vgg import vgg16

            network = vgg16(str(pictures.device))
            layers = network(resize(pictures, self.vgg_resolution), self.vgg)
            for name in self.vgg:
                scale = CHANNELS[name[4]] ** 0.5
                maps.append(unit_features(layers[name].float()) * scale)
        vector = pictures.new_zeros(len(pictures), 0)
        if self.identity:
            from ganvas.network.arcface import identity_features

            # Of unit variance, as the maps are.
            vector = identity_features(pictures).float() * IDENTITY**0.5
        return Seen(maps, vector)
