"""What a concept is, and who says where in a picture it is (`concepts=`)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from ganvas.errors import ConfigError, nearest

if TYPE_CHECKING:
    import torch
    from torch import Tensor

SIDE = 512
"""Height and width of all concept masks, in pixels."""

Segment: TypeAlias = "Callable[[Tensor, str], Tensor]"
"""From a picture (1, 3, H, W) in [−1, 1] and its name to the masks (K, SIDE, SIDE), boolean."""

Score: TypeAlias = "Callable[[Tensor], Tensor]"
"""From a picture (1, 3, H, W) to a scalar: the sum of a concept's probability over all pixels."""


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

        def concepts(picture: Tensor, name: str) -> Tensor:
            import torch

            classes = segment(picture, name)
            return torch.stack([classes[list(indices)].any(0) for indices in members])

        return concepts

    def score(self, name: str, device: torch.device | str) -> Score:
        """Load the soft area of a concept, which gradients pass through.

        Raises:
            ConfigError: The segmenter has no gradients.
        """
        raise ConfigError(f"alpha needs gradients, which {type(self).__name__} does not have")


def require_concept(name: str, known: tuple[str, ...]) -> int:
    """Return the position of a concept.

    Raises:
        ConfigError: There is none of that name.
    """
    if name not in known:
        raise ConfigError(f"the dissection has no concept '{name}'{nearest(name, known)}")
    return known.index(name)
