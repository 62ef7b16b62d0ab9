"""The trained linear encoder: frozen features, and an affine map from them to w."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ganvas.encoder.encoder import Encoder
from ganvas.encoder.features import Features
from ganvas.system.gradient import no_grad

if TYPE_CHECKING:
    import torch
    from jaxtyping import Float
    from torch import Tensor

    from ganvas.functional.ridge import Affine
    from ganvas.generator.base import Generator


@dataclass(frozen=True, eq=False, kw_only=True)
class LinearEncoder(Encoder):
    """w = affine map of frozen features of a picture.

    Attributes:
        features: What it sees.
        affine: From features (B, F) to w (B, w_dim), in float32.
        picture_resolution: Height and width that pictures are shrunk to first.
    """

    features: Features
    affine: Affine
    picture_resolution: int

    @property
    def w_dim(self) -> int:
        """Length of its latents' rows."""
        return len(self.affine.bias)

    @no_grad
    def encode(
        self, images: Float[Tensor, "B 3 H W"], generator: Generator
    ) -> Float[Tensor, "B w_dim"]:
        """Return w (B, w_dim) of images (B, 3, H, W) in [−1, 1]; the generator draws nothing."""
        from ganvas.functional.images import resize

        size = min(self.picture_resolution, images.shape[-1])
        return self.affine(self.features(resize(images, size)))

    def to(self, device: torch.device) -> LinearEncoder:
        """Return the same encoder on another device."""
        moved = type(self.affine)(*(tensor.to(device) for tensor in self.affine))
        return replace(self, affine=moved)
