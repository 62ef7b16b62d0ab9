"""The trained residual encoder: it looks at the photograph and at what it has drawn so far."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from ganvas.encoder.coordinates import Coordinates
from ganvas.encoder.encoder import Encoder
from ganvas.encoder.maps import Maps
from ganvas.encoder.network import Network
from ganvas.encoder.widths import Widths
from ganvas.functional.images import from_uint8, resize, to_uint8
from ganvas.generator.base import Generator


@dataclass(frozen=True, eq=False, kw_only=True)
class ResidualEncoder(Encoder):
    """w+ in a few looks: each adds to w+ what picture and present render differ in.

    The first render is that of w_avg, which is kept. Source: Alaluf et al. 2021, *ReStyle*.

    Attributes:
        maps: What is seen of a picture.
        widths: How large the network is.
        network: The network, in float32.
        basis: (w_dim, w_dim), see `Coordinates`.
        mean_picture: (1, 3, r, r), uint8: what w_avg looks like, at the resolution of all pictures.
        iterations: How often it looks.
    """

    maps: Maps
    widths: Widths
    network: Network
    basis: Float[Tensor, "D D"]
    mean_picture: UInt8[Tensor, "1 3 r r"]
    iterations: int

    @property
    def w_dim(self) -> int:
        """Length of its latents' rows."""
        return self.network.outputs.w_dim

    @torch.no_grad()
    def encode(
        self, images: Float[Tensor, "B 3 H W"], generator: Generator
    ) -> Float[Tensor, "B rows D"]:
        """Return w+ (B, rows, w_dim) of images (B, 3, H, W) in [−1, 1], one after another."""
        return torch.cat([self._of_one(image[None], generator) for image in images])

    def _of_one(self, image: Tensor, generator: Generator) -> Tensor:
        size = self.mean_picture.shape[-1]
        coordinates = Coordinates.of(generator, self.basis)
        seen = self.maps(resize(image, size))
        w, render = generator.broadcast(generator.w_avg[None]), from_uint8(self.mean_picture)
        for iteration in range(self.iterations):
            if iteration:
                render = resize(generator(w, generator.fixed_noise()), size)
            w = coordinates.moved(w, self.network(seen, self.maps(render)))
        return w

    def to(self, device: torch.device) -> ResidualEncoder:
        """Return the same encoder on another device."""
        return replace(
            self,
            network=self.network.to(device),
            basis=self.basis.to(device),
            mean_picture=self.mean_picture.to(device),
        )


@torch.no_grad()
def draw_mean(generator: Generator, size: int) -> UInt8[Tensor, "1 3 size size"]:
    """Draw w_avg with the generator's fixed noise, at the resolution that an encoder sees."""
    w = generator.broadcast(generator.w_avg[None])
    return to_uint8(resize(generator(w, generator.fixed_noise()), size))
