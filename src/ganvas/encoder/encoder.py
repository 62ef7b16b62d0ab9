"""What every trained encoder is: a map from pictures to latents of one generator."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganvas.errors import InputError

if TYPE_CHECKING:
    import torch
    from jaxtyping import Float
    from torch import Tensor

    from ganvas.generator.base import Generator


@dataclass(frozen=True, eq=False, kw_only=True)
class Encoder(ABC):
    """An encoder E(x) → w or w+, and which generator it belongs to.

    Attributes:
        generator: Name of the generator that it was trained on.
        generator_hash: SHA-256 of that generator's weights.
        generator_resolution: Height and width of its images.
        record: How it was trained: data, seed, and what was reached.
    """

    generator: str
    generator_hash: str
    generator_resolution: int
    record: dict[str, Any]

    @property
    @abstractmethod
    def w_dim(self) -> int:
        """Length of its latents' rows."""

    @abstractmethod
    def encode(
        self, images: Float[Tensor, "B 3 H W"], generator: Generator
    ) -> Float[Tensor, "B w_dim"] | Float[Tensor, "B rows w_dim"]:
        """Return the latents of images (B, 3, H, W) in [−1, 1]: w, or w+.

        Args:
            images: The pictures.
            generator: The generator that it was trained on, for encoders that look at a render.
        """

    @abstractmethod
    def to(self, device: torch.device) -> Encoder:
        """Return the same encoder on another device."""

    def require_generator(self, generator: Generator, path: Path) -> None:
        """Refuse any generator but the one that it was trained on.

        Raises:
            InputError: The weights are others, or its latents are longer or shorter.
        """
        if generator.source_hash != self.generator_hash:
            raise InputError(
                f"{path} encodes for {self.generator} at {self.generator_resolution}² with weights "
                f"{self.generator_hash[:12]}…, not for {generator.name} at "
                f"{generator.resolution}² with {generator.source_hash[:12]}…"
            )
        if self.w_dim != generator.w_dim:
            raise InputError(
                f"{path} gives rows of {self.w_dim}, but {generator.name} has {generator.w_dim}"
            )
