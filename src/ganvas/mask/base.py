"""What a mask is: a recipe that draws M in [0, 1] on the canvas of a run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from ganvas.errors import ConfigError, InputError, nearest, shape_of

if TYPE_CHECKING:
    import torch
    from jaxtyping import Float
    from torch import Tensor

    from ganvas.image.source import Source

T = TypeVar("T")

ROUNDING = 1e-4
"""By so much a mask may leave [0, 1], as one does that was resized or blurred."""


@dataclass(frozen=True)
class Canvas:
    """What masks are drawn on.

    Attributes:
        images: The input images by name (x, y, …), each (B, 3, H, W) in [−1, 1].
        seed: Seed of everything random in a mask.
        solutions: How many images in a row are solutions of one photograph.
        source: Where the photographs x come from, and how they are cut; null: only the cut ones
            are known.
    """

    images: dict[str, Tensor]
    seed: int = 0
    solutions: int = 1
    source: Source | None = None
    _drawn: list[tuple[Mask, Tensor]] = field(default_factory=list, repr=False)

    @property
    def batch(self) -> int:
        """Number of images."""
        return self.images["x"].shape[0]

    @property
    def photographs(self) -> int:
        """Number of photographs that the images are solutions of."""
        return self.batch // self.solutions

    def of_photographs(self, items: Sequence[T]) -> list[T] | None:
        """Return one item for each photograph, in their order.

        Args:
            items: One for each; or for each of all those that `limit` and `shard` choose from.

        Returns:
            None where there are not as many.
        """
        if self.source is not None:
            return self.source.chosen_of(items)
        return list(items) if len(items) == self.photographs else None

    @property
    def counts(self) -> list[int]:
        """How many items `of_photographs` takes, in ascending order."""
        return [self.photographs] if self.source is None else self.source.counts()

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        height, width = self.images["x"].shape[-2:]
        return height, width

    @property
    def device(self) -> torch.device:
        """Where the images are."""
        return self.images["x"].device

    def image(self, name: str) -> Float[Tensor, "B 3 H W"]:
        """Return an input image (B, 3, H, W) by name.

        Raises:
            ConfigError: The experiment has no such image.
        """
        if name not in self.images:
            hint = f"; give image.{name}.path" if name in ("y", "z") else nearest(name, self.images)
            raise ConfigError(f"the mask needs image {name}{hint}")
        return self.images[name]

    def draw(self, mask: Mask) -> Float[Tensor, "B 1 H W"]:
        """Draw a mask (B, 1, H, W), once for all places that it stands in; it is not written to.

        Raises:
            ConfigError: What it draws is no such mask.
        """
        for known, drawn in self._drawn:
            if known == mask:
                return drawn
        self._drawn.append((mask, self._checked(mask, mask.draw(self))))
        return self._drawn[-1][1]

    def _checked(self, mask: Mask, drawn: object) -> Float[Tensor, "B 1 H W"]:
        """Return what a mask has drawn as float32; refuse another shape or range."""
        import torch

        wanted = self.batch, 1, *self.size
        if not isinstance(drawn, torch.Tensor) or drawn.shape != wanted:
            raise ConfigError(
                f"{type(mask).__name__}.draw gives {shape_of(drawn)}, not a mask {wanted}"
            )
        drawn = drawn.to(self.device, torch.float32)
        low, high = float(drawn.min()), float(drawn.max())
        # Also False for what is no number.
        if not (low >= -ROUNDING and high <= 1 + ROUNDING):
            raise ConfigError(
                f"{type(mask).__name__}.draw gives values from {low:g} to {high:g}, not in [0, 1]"
            )
        return drawn

    def repeat(self, mask: Float[Tensor, "H W"]) -> Float[Tensor, "B 1 H W"]:
        """Give every image the same mask: (H, W) becomes (B, 1, H, W)."""
        return mask.to(self.device).expand(self.batch, 1, *self.size).clone()


class Mask(ABC):
    """A spatial mask M: 1 where the first image counts, 0 where it does not."""

    @abstractmethod
    def draw(self, canvas: Canvas) -> Float[Tensor, "B 1 H W"]:
        """Return M, (B, 1, H, W) float32 in [0, 1]."""


def require_content(name: str, mask: Float[Tensor, "B 1 H W"], *, partial: bool = False) -> None:
    """Refuse a mask (B, 1, H, W) that selects nothing, or with `partial` one that selects all.

    Raises:
        InputError: One of the images has such a mask; mask and image are named.
    """
    for index, image in enumerate(mask):
        if image.max() <= 0:
            raise InputError(f"{name} is empty for image {index}: it selects no pixel")
        if partial and image.min() >= 1:
            raise InputError(f"{name} covers all of image {index}, which makes the edit void")
