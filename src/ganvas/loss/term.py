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
from ganvas.loss.crop import Crop

if TYPE_CHECKING:
    import torch
    from jaxtyping import Float
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
        displacement: (B, C, r, r), how far an optimised activation is from its start F₀, in root
            mean squares of F₀; None where no activation is optimised.
    """

    image: Float[Tensor, "B 3 H W"]
    w: Float[Tensor, "B rows w_dim"]
    noise: Sequence[Float[Tensor, "B 1 _r _r"]]
    displacement: Float[Tensor, "B C r r"] | None = None
    _sizes: dict[int, Tensor] = field(default_factory=dict, repr=False)

    def at(self, resolution: int | None) -> Float[Tensor, "B 3 h w"]:
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

    target: Float[Tensor, "B 3 H W"]
    mask: Float[Tensor, "B 1 H W"] | None
    start: Float[Tensor, "B rows w_dim"]
    generator: Generator

    def target_at(self, resolution: int | None) -> Float[Tensor, "B 3 h w"]:
        """Return the target at `resolution` (None: as it is)."""
        from ganvas.functional.images import resize

        if resolution is None or resolution >= self.target.shape[-1]:
            return self.target
        return resize(self.target, resolution)

    def mask_at(self, resolution: int | None) -> Float[Tensor, "B 1 h w"] | None:
        """Return the mask at `resolution` (None: as it is), or None where all counts."""
        from ganvas.functional.images import resize

        if self.mask is None or resolution is None or resolution >= self.mask.shape[-1]:
            return self.mask
        return resize(self.mask, resolution)


BoundTerm: TypeAlias = 'Callable[[View], Float[Tensor, " B"]]'
"""A term with all that does not change already computed: View → (B,), not weighted."""


@dataclass(frozen=True)
class ScheduledWeight:
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
        crop: The part of the picture that the term sees; null: all of it. Its resolution is that of
            the part.
        every: It takes part in one of so many steps, with so many times its weight. Two costly
            terms that take turns make a step as cheap as one of them, and Adam averages over both.
        first: The first step in which it takes part.
    """

    applies_mask: ClassVar[bool] = False
    """Whether it applies the mask itself, or sees no image. If not, the block hides from it what
    lies outside of the mask, so that no term can forget the mask."""

    needs_pixels: ClassVar[int] = 1
    """Height and width of the smallest images that it can compare."""

    needs_rows: ClassVar[bool] = False
    """Whether it is about the style rows, which S space has none of."""

    needs_noise: ClassVar[bool] = False
    """Whether it is about the noise maps, so that it says nothing where there are none."""

    needs_activation: ClassVar[bool] = False
    """Whether it is about an activation that the stage optimises."""

    weight: float | ScheduledWeight = 1.0
    mask: str | None = None
    target: str | None = None
    crop: Crop | None = None
    every: Annotated[int, Field(ge=1)] = 1
    first: Annotated[int, Field(ge=0)] = 0

    def __post_init__(self) -> None:
        if self.first >= self.every:
            raise ConfigError(f"first={self.first} must be below every={self.every}")

    @abstractmethod
    def bind(self, reference: Reference) -> BoundTerm:
        """Compute once what does not change and return the function of what does.

        Args:
            reference: Target, mask and start. Where the term does not say `applies_mask`, target
                and render have one colour wherever the mask is 0.
        """

    def check(self, generator: Generator, space: Space) -> None:
        """Refuse a generator, or a space of the latent, that lacks what the term needs.

        Raises:
            ConfigError: The images are too small, or there are no style rows or noise maps.
        """
        name = type(self).__name__
        self.require_pixels(generator.resolution)
        if self.needs_rows and space == "s":
            raise ConfigError(f"{name} needs start.space z, w or w+; s has no rows")
        if self.needs_noise and not generator.noise_resolutions:
            raise ConfigError(f"{name} needs noise maps; {generator.name} has none")

    def require_pixels(self, resolution: int) -> None:
        """Refuse pictures of a height and width that are too small for the term.

        Raises:
            ConfigError: They are.
        """
        pixels = resolution if self.crop is None else min(self.crop.size(resolution))
        if pixels < self.needs_pixels:
            of = f" of its crop of {resolution}²" if self.crop is not None else ""
            raise ConfigError(
                f"{type(self).__name__} needs images of {self.needs_pixels} pixels or more, not "
                f"{pixels}{of}; loss=pixel takes images of any size"
            )

    def load(self, device: torch.device) -> None:  # noqa: B027 - most terms need no network
        """Load the networks that the term needs, so that a missing one is found before any work.

        Raises:
            AssetError: The weights cannot be had.
        """

    def is_due(self, step: int) -> bool:
        """Return whether the term takes part in step `step` of the stage."""
        return step % self.every == self.first

    @property
    def greatest_weight(self) -> float:
        """The weight at its highest."""
        return self.weight.value if isinstance(self.weight, ScheduledWeight) else self.weight

    def weight_at(self, progress: float) -> float:
        """Return the weight when the stage is at `progress` in [0, 1]."""
        if isinstance(self.weight, ScheduledWeight):
            return self.weight.at(progress)
        return self.weight
