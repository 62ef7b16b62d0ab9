"""What a final metric is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from ganvas.metrics.context import Context

if TYPE_CHECKING:
    import torch
    from jaxtyping import Float
    from torch import Tensor

Direction = Literal["higher", "lower", "none"]
"""Which values are better; "none" for a figure that says nothing about quality."""


@dataclass(frozen=True)
class Metric(ABC):
    """A number per image, measured on saved 8-bit pictures and what they come from.

    A configuration names its metrics: `metrics.NAME: {_target_: CLASS, …}`. Direction, unit and
    `about` are written into `metrics.json`, from which tables and reports read them.
    """

    direction: ClassVar[Direction] = "none"
    """Which values are better."""

    unit: ClassVar[str] = ""
    """Unit of the values, such as dB; empty for a pure number."""

    @abstractmethod
    def about(self, resolution: int) -> str:
        """State range, resolution and network, for pictures of `resolution` pixels a side."""

    @abstractmethod
    def measure(self, context: Context) -> Float[Tensor, " B"] | None:
        """Return a number per image (B,), or None where the context lacks what it takes.

        NaN stands for an image without a value.
        """

    def load(self, device: torch.device) -> None:  # noqa: B027 - most metrics need no network
        """Load the networks that it needs, so that a missing one is found before any work.

        Raises:
            AssetError: The weights cannot be had.
        """
