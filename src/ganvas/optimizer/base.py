"""What moves one kind of variable, and what it may ask about the noise maps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ganvas.embedding import Space

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


@dataclass(frozen=True)
class Sensitivity:
    """How much the noise maps of a stage move the image; measured only where it is asked for.

    Attributes:
        gains: Gives, per map, the rms change of the image for white noise of rms 1: a number of the
            generator's, the same for all images.
        squares: Gives, per map, (B, 1, r, r): the mean square change of each image for a change of
            each scalar by 1, estimated by so many probes.
    """

    gains: Callable[[], list[float]]
    squares: Callable[[int], list[Tensor]]


@dataclass(frozen=True, kw_only=True)
class Optimizer(ABC):
    """How one kind of variable is moved: by gradients, or by comparing losses alone."""

    compares_losses: ClassVar[bool] = False
    """Whether it compares the losses of steps, which then must not change by themselves."""

    @property
    def treats_images_alone(self) -> bool:
        """Whether images do not influence each other, so that those of several runs mix."""
        return False

    @property
    def needs_gradient(self) -> bool:
        """Whether a step needs the gradient of the loss: a pass back through the generator."""
        return True

    @abstractmethod
    def build(
        self, parameters: Iterable[nn.Parameter], sensitivity: Sensitivity
    ) -> torch.optim.Optimizer:
        """Return the torch optimiser that holds exactly `parameters`.

        Args:
            parameters: Tensors (B, …) of the same B.
            sensitivity: How much the noise maps move the image.

        Returns:
            An optimiser whose `step` takes a closure that returns the losses (B,).
        """

    def rate(self, step: int, steps: int) -> float:
        """Return the learning rate in step `step` of `steps`; what has none ignores it."""
        return 1.0

    def check_start(self, space: Space, images: int) -> None:  # noqa: B027 - most take any
        """Refuse a latent space, or a number of images side by side, that it cannot work on.

        Raises:
            ConfigError: It cannot.
        """

    def check(self, variable: str) -> None:  # noqa: B027 - most optimisers move anything
        """Refuse a kind of variable (latent, noise, activation or weights) that it cannot move.

        Raises:
            ConfigError: It cannot.
        """
