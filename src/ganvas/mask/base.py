"""What a mask is: a recipe that draws M in [0, 1] on the canvas of a run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Canvas:
    """What masks are drawn on.

    Attributes:
        images: The input images by name (x, y, …), each (B, 3, H, W) in [−1, 1].
        seed: Seed of everything random in a mask.
    """

    images: dict[str, Tensor]
    seed: int = 0

    @property
    def batch(self) -> int:
        """Number of images."""
        return self.images["x"].shape[0]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        height, width = self.images["x"].shape[-2:]
        return height, width


class Mask(ABC):
    """A spatial mask M: 1 where the first image counts, 0 where it does not."""

    @abstractmethod
    def draw(self, canvas: Canvas) -> Tensor:
        """Return M, (B, 1, H, W) float32 in [0, 1]."""
