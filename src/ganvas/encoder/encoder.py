"""A trained encoder: what it sees, what it computes, and which generator it belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganvas.encoder.features import Features
from ganvas.errors import InputError
from ganvas.system.gradient import no_grad

if TYPE_CHECKING:
    import torch
    from jaxtyping import Float
    from torch import Tensor

    from ganvas.functional.ridge import Affine
    from ganvas.generator.base import Generator


@dataclass(frozen=True, eq=False)
class LinearEncoder:
    """w = affine map of frozen features of a picture.

    Attributes:
        features: What it sees.
        affine: From features (B, F) to w (B, w_dim), in float32.
        picture_resolution: Height and width that pictures are shrunk to first.
        generator: Name of the generator that it was trained on.
        generator_hash: SHA-256 of that generator's weights.
        generator_resolution: Height and width of its images.
        record: How it was trained: configuration, data, and the error on samples held out.
    """

    features: Features
    affine: Affine
    picture_resolution: int
    generator: str
    generator_hash: str
    generator_resolution: int
    record: dict[str, Any] = field(default_factory=dict)

    @no_grad
    def __call__(self, images: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B w_dim"]:
        """Return w (B, w_dim) of images (B, 3, H, W) in [−1, 1]."""
        from ganvas.functional.images import resize

        size = min(self.picture_resolution, images.shape[-1])
        return self.affine(self.features(resize(images, size)))

    def to(self, device: torch.device) -> LinearEncoder:
        """Return the same encoder on another device."""
        moved = type(self.affine)(*(tensor.to(device) for tensor in self.affine))
        return replace(self, affine=moved)

    def require_generator(self, generator: Generator, path: Path) -> None:
        """Refuse any generator but the one that it was trained on.

        Raises:
            InputError: The weights are others.
        """
        if generator.source_hash != self.generator_hash:
            raise InputError(
                f"{path} encodes for {self.generator} at {self.generator_resolution}² with weights "
                f"{self.generator_hash[:12]}…, not for {generator.name} at "
                f"{generator.resolution}² with {generator.source_hash[:12]}…"
            )
