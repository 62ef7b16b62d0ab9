"""Masks made of masks; for soft masks union is the maximum and intersection the minimum."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import torch
from torch import Tensor

from ganvas.errors import ConfigError
from ganvas.mask.base import Canvas, Mask


@dataclass(frozen=True)
class Invert(Mask):
    """1 − M.

    Attributes:
        of: The mask to invert.
    """

    of: Mask

    def draw(self, canvas: Canvas) -> Tensor:
        """Return the opposite, (B, 1, H, W)."""
        return 1 - self.of.draw(canvas)


@dataclass(frozen=True)
class Union(Mask):
    """The maximum of masks: 1 where any of them is.

    Attributes:
        of: The masks by name.
    """

    of: dict[str, Mask]

    def __post_init__(self) -> None:
        _some(self.of)

    def draw(self, canvas: Canvas) -> Tensor:
        """Return the union, (B, 1, H, W)."""
        return reduce(torch.maximum, [mask.draw(canvas) for mask in self.of.values()])


@dataclass(frozen=True)
class Intersection(Mask):
    """The minimum of masks: 1 where all of them are.

    Attributes:
        of: The masks by name.
    """

    of: dict[str, Mask]

    def __post_init__(self) -> None:
        _some(self.of)

    def draw(self, canvas: Canvas) -> Tensor:
        """Return the intersection, (B, 1, H, W)."""
        return reduce(torch.minimum, [mask.draw(canvas) for mask in self.of.values()])


@dataclass(frozen=True)
class Difference(Mask):
    """min(M, 1 − M₂): 1 where the first mask is and the second is not.

    Attributes:
        of: The mask to take from.
        minus: The mask to take away.
    """

    of: Mask
    minus: Mask

    def draw(self, canvas: Canvas) -> Tensor:
        """Return the difference, (B, 1, H, W)."""
        return torch.minimum(self.of.draw(canvas), 1 - self.minus.draw(canvas))


@dataclass(frozen=True)
class Each(Mask):
    """Another mask for every image of a batch.

    Attributes:
        of: One mask per image, by name, in the order of the images.
    """

    of: dict[str, Mask]

    def draw(self, canvas: Canvas) -> Tensor:
        """Return the first image's row of the first mask, the second's of the second, and so on."""
        if len(self.of) != canvas.batch:
            raise ConfigError(f"each holds {len(self.of)} masks for {canvas.batch} images")
        drawn = [mask.draw(canvas) for mask in self.of.values()]
        return torch.stack([mask[image] for image, mask in enumerate(drawn)])


def _some(masks: dict[str, Mask]) -> None:
    if not masks:
        raise ConfigError("needs at least one mask under 'of'")
