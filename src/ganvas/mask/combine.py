"""Masks made of masks; for soft masks union is the maximum and intersection the minimum."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

from ganvas.errors import ConfigError
from ganvas.mask.base import Canvas, Mask

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor


@dataclass(frozen=True)
class Invert(Mask):
    """1 − M.

    Attributes:
        of: The mask to invert.
    """

    of: Mask

    def draw(self, canvas: Canvas) -> Float[Tensor, "B 1 H W"]:
        """Return the opposite, (B, 1, H, W)."""
        return 1 - canvas.draw(self.of)


@dataclass(frozen=True)
class Several(Mask):
    """What is made of several masks.

    Attributes:
        of: The masks by name.

    Raises:
        ConfigError: There is none.
    """

    of: dict[str, Mask]

    def __post_init__(self) -> None:
        if not self.of:
            raise ConfigError("needs at least one mask under 'of'")


@dataclass(frozen=True)
class Union(Several):
    """The maximum of masks: 1 where any of them is."""

    def draw(self, canvas: Canvas) -> Float[Tensor, "B 1 H W"]:
        """Return the union, (B, 1, H, W)."""
        import torch

        return reduce(torch.maximum, [canvas.draw(mask) for mask in self.of.values()])


@dataclass(frozen=True)
class Intersection(Several):
    """The minimum of masks: 1 where all of them are."""

    def draw(self, canvas: Canvas) -> Float[Tensor, "B 1 H W"]:
        """Return the intersection, (B, 1, H, W)."""
        import torch

        return reduce(torch.minimum, [canvas.draw(mask) for mask in self.of.values()])


@dataclass(frozen=True)
class Difference(Mask):
    """min(M, 1 − M₂): 1 where the first mask is and the second is not.

    Attributes:
        of: The mask to take from.
        minus: The mask to take away.
    """

    of: Mask
    minus: Mask

    def draw(self, canvas: Canvas) -> Float[Tensor, "B 1 H W"]:
        """Return the difference, (B, 1, H, W)."""
        import torch

        return torch.minimum(canvas.draw(self.of), 1 - canvas.draw(self.minus))


@dataclass(frozen=True)
class Each(Several):
    """Another mask for every photograph.

    Attributes:
        of: One mask per photograph, by name, in the order of the photographs; with `image.x.limit`
            or `shard`, one for each of those that are chosen, or for each of all.
    """

    def draw(self, canvas: Canvas) -> Float[Tensor, "B 1 H W"]:
        """Return the first photograph's rows of the first mask, and so on: (B, 1, H, W).

        Raises:
            ConfigError: There are more or fewer masks than photographs.
        """
        import torch

        chosen = canvas.of_photographs(list(self.of.values()))
        if chosen is None:
            raise ConfigError(
                f"each holds {len(self.of)} masks for {canvas.photographs} photographs"
            )
        drawn = [canvas.draw(mask) for mask in chosen]
        rows = range(0, canvas.batch, canvas.solutions)
        parts = [m[row : row + canvas.solutions] for m, row in zip(drawn, rows, strict=True)]
        return torch.cat(parts)
