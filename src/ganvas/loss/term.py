"""What a term of a loss is, and what it sees."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar, TypeAlias

from pydantic import Field

from ganvas.embedding import Space
from ganvas.errors import ConfigError
from ganvas.functional.schedule import ramp

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from ganvas.generator.base import Generator

Pixels = Annotated[int, Field(ge=1)]
Fraction = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True)
class View:
    """What the terms of an objective see at one step, for one micro-batch of images.

    Attributes:
        image: (B, 3, H, W), the render, in about [−1, 1].
        w: (B, rows, w_dim), the latent as w+.
        noise: The noise maps, each (B, 1, r, r).
        displacement: (B, C, r, r), how far an optimised activation is from its start, in root mean
            squares of the start; None where no activation is optimised.
    """

    image: Tensor
    w: Tensor
    noise: Sequence[Tensor]
    displacement: Tensor | None = None
    _sizes: dict[int, Tensor] = field(default_factory=dict, repr=False)

    def at(self, resolution: int | None) -> Tensor:
        """Return the render at `resolution` (None: as it is), resized once for all terms."""
        from ganvas.functional.images import resize

        if resolution is None or resolution >= self.image.shape[-1]:
            return self.image
        if resolution not in self._sizes:
            self._sizes[resolution] = resize(self.image, resolution)
        return self._sizes[resolution]


@dataclass(frozen=True)
class Reference:
    """What does not change during a stage, for one micro-batch of images.

    Attributes:
        target: (B, 3, H, W), the frozen picture to approach.
        mask: (B, 1, H, W) in [0, 1], or None where all of the image counts.
        start: (B, rows, w_dim), the latent at the start of the stage as w+.
        generator: The frozen generator.
    """

    target: Tensor
    mask: Tensor | None
    start: Tensor
    generator: Generator

    def target_at(self, resolution: int | None) -> Tensor:
        """Return the target at `resolution` (None: as it is)."""
        from ganvas.functional.images import resize

        if resolution is None or resolution >= self.target.shape[-1]:
            return self.target
        return resize(self.target, resolution)

    def mask_at(self, resolution: int | None) -> Tensor | None:
        """Return the mask at `resolution` (None: as it is), or None where all counts."""
        from ganvas.functional.images import resize

        if self.mask is None or resolution is None or resolution >= self.mask.shape[-1]:
            return self.mask
        return resize(self.mask, resolution)


BoundTerm: TypeAlias = "Callable[[View], Tensor]"
"""A term with all that does not change already computed: View → (B,), not weighted."""


@dataclass(frozen=True)
class Ramped:
    """A weight that changes over the stage: `value` times a ramp up and a cosine ramp down.

    Attributes:
        value: The weight at its highest.
        up: Fraction of the stage over which it rises from 0.
        down: Fraction of the stage, at its end, over which it falls to 0.
    """

    value: float
    up: Fraction = 0.0
    down: Fraction = 0.0

    def at(self, progress: float) -> float:
        """Return the weight when the stage is at `progress` in [0, 1]."""
        return self.value * ramp(progress, self.up, self.down)


@dataclass(frozen=True)
class Term(ABC):
    """One loss: a function per image with a weight.

    Attributes:
        weight: Factor of the term in the sum, or a schedule of it over the stage.
        mask: Name of a mask of the edit for this term alone ("m", "1 - m"); null: the block's mask.
        target: Name of an image or an earlier stage for this term alone; null: the block's target.
    """

    needs_pixels: ClassVar[int] = 1
    """Height and width of the smallest images that it can compare."""

    needs_rows: ClassVar[bool] = False
    """Whether it is about the style rows, which S space has none of."""

    needs_noise: ClassVar[bool] = False
    """Whether it is about the noise maps, so that it says nothing where there are none."""

    needs_activation: ClassVar[bool] = False
    """Whether it is about an activation that the stage optimises."""

    weight: float | Ramped = 1.0
    mask: str | None = None
    target: str | None = None

    @abstractmethod
    def bind(self, reference: Reference) -> BoundTerm:
        """Compute once what does not change and return the function of what does."""

    def check(self, generator: Generator, space: Space) -> None:
        """Refuse a generator, or a space of the latent, that lacks what the term needs.

        Raises:
            ConfigError: The images are too small, or there are no style rows or noise maps.
        """
        name, pixels = type(self).__name__, generator.resolution
        if pixels < self.needs_pixels:
            raise ConfigError(
                f"{name} needs images of {self.needs_pixels} pixels or more, not {pixels}"
            )
        if self.needs_rows and space == "s":
            raise ConfigError(f"{name} needs start.space z, w or w+; s has no rows")
        if self.needs_noise and not generator.noise_resolutions:
            raise ConfigError(f"{name} needs noise maps; {generator.name} has none")

    def load(self, device: torch.device) -> None:  # noqa: B027 - most terms need no network
        """Load the networks that the term needs, so that a missing one is found before any work.

        Raises:
            AssetError: The weights cannot be had.
        """

    def weight_at(self, progress: float) -> float:
        """Return the weight when the stage is at `progress` in [0, 1]."""
        if isinstance(self.weight, Ramped):
            return self.weight.at(progress)
        return self.weight
