"""The tiny generator as an option of `generator=`; see `ganvas.generator.tiny_network`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from ganvas.errors import ConfigError
from ganvas.generator.config import GeneratorConfig

if TYPE_CHECKING:
    from ganvas.generator.tiny_network import TinyGenerator

__all__ = ["TinyConfig", "TinyGenerator"]


@dataclass(frozen=True)
class TinyConfig(GeneratorConfig):
    """A generator of random weights.

    Attributes:
        resolution: Height and width of the image in pixels, a power of two up to 1024.
        channels: Channels of every activation.
        w_dim: Length of z and of a style row.
        seed: Seed of the weights.

    Raises:
        ConfigError: The resolution is no power of two, or below 8.
    """

    resolution: Annotated[int, Field(ge=8, le=1024)] = 32
    channels: Annotated[int, Field(ge=1, le=512)] = 16
    w_dim: Annotated[int, Field(ge=1, le=512)] = 32
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0

    def __post_init__(self) -> None:
        if self.resolution < 8 or self.resolution & (self.resolution - 1):
            raise ConfigError(
                f"generator.resolution={self.resolution}: a power of two from 8 on is needed"
            )

    def load(self) -> TinyGenerator:
        """Draw the weights."""
        from ganvas.generator.tiny_network import TinyGenerator

        return TinyGenerator(self.resolution, self.channels, self.w_dim, self.seed).eval()


def __getattr__(name: str) -> Any:
    # Deferred, so that an experiment is checked without waiting for torch.
    if name == "TinyGenerator":
        from ganvas.generator import tiny_network

        return tiny_network.TinyGenerator
    raise AttributeError(f"module 'ganvas.generator.tiny' has no attribute '{name}'")
