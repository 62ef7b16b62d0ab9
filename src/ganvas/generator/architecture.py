"""What fixes the shapes and the arithmetic of each family; it travels with the weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

Count = Annotated[int, Field(ge=1, le=65536)]


@dataclass(frozen=True, slots=True)
class StyleGAN2Architecture:
    """What fixes the shapes and the arithmetic of a StyleGAN2.

    Attributes:
        mapping: Widths of the mapping network, from its input (z and the label's embedding) to w.
        channels: Channels at 4², 8², … up to the image's resolution.
        classes: Number of classes; 0 without labels.
        embedding: Length of a label's embedding.
        layout: How the image is collected: `skip` sums an RGB of every resolution, `resnet` adds a
            shortcut around each block, `orig` does neither.
        noise: Whether layers add noise.
        rate: Learning-rate multiplier of the mapping network's layers.
        clamp: Bound of every layer's result; None for none.
        half: How many of the highest resolutions the original runs in half precision.
    """

    mapping: Annotated[tuple[Count, ...], Field(min_length=2, max_length=65)]
    channels: Annotated[tuple[Count, ...], Field(min_length=1, max_length=11)]
    classes: Annotated[int, Field(ge=0, le=65536)] = 0
    embedding: Annotated[int, Field(ge=0, le=65536)] = 0
    layout: Literal["skip", "resnet", "orig"] = "skip"
    noise: bool = True
    rate: Annotated[float, Field(gt=0, le=10)] = 0.01
    clamp: Annotated[float, Field(gt=0)] | None = None
    half: Annotated[int, Field(ge=0, le=11)] = 0

    @property
    def resolutions(self) -> tuple[int, ...]:
        """Height and width of the blocks: 4, 8, …"""
        return tuple(4 << index for index in range(len(self.channels)))


Architecture = StyleGAN2Architecture
