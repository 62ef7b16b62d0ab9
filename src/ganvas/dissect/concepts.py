"""What a concept is, and who says where in a picture it is (`concepts=`)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from ganvas.errors import ConfigError, nearest

if TYPE_CHECKING:
    import torch
    from torch import Tensor

SIDE = 512
"""Height and width of all concept masks, in pixels."""

Segment: TypeAlias = "Callable[[Tensor, Sequence[str]], Tensor]"
"""From pictures (B, 3, H, W) in [−1, 1] and their names to masks (B, K, SIDE, SIDE), boolean."""

Score: TypeAlias = "Callable[[Tensor], Tensor]"
"""From pictures (B, 3, H, W) to a concept's probability (B, SIDE, SIDE), in [0, 1]."""


@dataclass(frozen=True, kw_only=True)
class Concepts(ABC):
    """Concepts, each one class of a segmenter or several together.

    Attributes:
        names: Which concepts: classes or groups; null: all of both.
        groups: Names for several classes together.

    Raises:
        ConfigError: There is no such class or group.
    """

    names: tuple[str, ...] | None = None
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.members:
            raise ConfigError("names: at least one concept is needed")

    @property
    @abstractmethod
    def classes(self) -> tuple[str, ...]:
        """The classes that the segmenter tells apart, in its order."""

    @abstractmethod
    def open(self, device: torch.device | str) -> Segment:
        """Load the segmenter of the classes, K = len(classes).

        Raises:
            AssetError: Its weights cannot be had.
            InputError: Its file or folder cannot be used.
        """

    @property
    def members(self) -> dict[str, tuple[int, ...]]:
        """The indices of the classes of each concept.

        Raises:
            ConfigError: There is no such class or group.
        """
        chosen = (*self.groups, *self.classes) if self.names is None else self.names
        return {name: self._indices(name) for name in chosen}

    def _indices(self, name: str) -> tuple[int, ...]:
        known = (*self.groups, *self.classes)
        parts = self.groups.get(name, (name,))
        for part in parts:
            if part not in self.classes:
                raise ConfigError(f"the segmenter has no concept '{part}'{nearest(part, known)}")
        return tuple(self.classes.index(part) for part in parts)

    def segmenter(self, device: torch.device | str) -> Segment:
        """Load the segmenter of the concepts, K = len(members); errors as `open`."""
        segment = self.open(device)
        members = list(self.members.values())

        def concepts(pictures: Tensor, names: Sequence[str]) -> Tensor:
            import torch

            classes = segment(pictures, names)
            return torch.stack([classes[:, list(each)].any(1) for each in members], 1)

        return concepts

    def score(self, name: str, device: torch.device | str) -> Score:
        """Load the probability of a concept at each pixel, which gradients pass through.

        Raises:
            ConfigError: The segmenter has no gradients.
        """
        raise ConfigError(
            f"effect.rankings: gradients are needed, which {type(self).__name__} does not have"
        )


def require_concept(name: str, known: tuple[str, ...]) -> int:
    """Return the position of a concept.

    Raises:
        ConfigError: There is none of that name.
    """
    if name not in known:
        raise ConfigError(f"the dissection has no concept '{name}'{nearest(name, known)}")
    return known.index(name)
