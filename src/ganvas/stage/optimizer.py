"""Optimisers (`optimizer=`) and their learning-rate schedules."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from ganvas.embedding import Space
from ganvas.errors import ConfigError
from ganvas.functional.schedule import ramp

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

Fraction = Annotated[float, Field(ge=0, le=1)]
Decay = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]


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


FAINTEST = 1e-9
"""A map that moves the image by less than this cannot be seen, and must not be divided by."""


@dataclass(frozen=True)
class Schedule:
    """The learning rate over a stage: a linear ramp up and a cosine ramp down.

    Attributes:
        up: Fraction of the stage over which the rate rises from 0.
        down: Fraction of the stage, at its end, over which it falls to 0.
    """

    up: Fraction = 0.05
    down: Fraction = 0.5

    def at(self, step: int, steps: int) -> float:
        """Return the multiplier of the rate in step `step` of `steps`; never exactly 0."""
        return ramp((step + 0.5) / steps, self.up, self.down)


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


@dataclass(frozen=True, kw_only=True)
class Descent(Optimizer):
    """An optimiser that follows the gradient.

    Attributes:
        lr: Learning rate at its highest.
        schedule: How the rate changes over the stage.
    """

    lr: Positive
    schedule: Schedule = field(default_factory=Schedule)

    def rate(self, step: int, steps: int) -> float:
        """Return the learning rate in step `step` of `steps`."""
        return self.lr * self.schedule.at(step, steps)


@dataclass(frozen=True, kw_only=True)
class Adam(Descent):
    """Adam and its family, which treat every scalar alone: images do not influence each other.

    Attributes:
        algorithm: "adam" (Kingma and Ba 2015); "amsgrad", whose running square never falls (Reddi,
            Kale and Kumar 2018); "adamax", with a running maximum in its place (Kingma and Ba
            2015); or "radam", which moves with care until it is known (Liu et al. 2020).
        betas: Decay rates of the running mean and of the running square.
        eps: Added to the root of the running square; it must be small beside the gradients, and
            those of faint noise maps are about 1e-10.
        lr_units: What the rate counts: units of the variable, or units of the image, for noise:
            the rate of each map is divided by the change that it makes in the image. The maps of
            one generator differ a thousandfold in that. For weights, rms is the fraction of each
            tensor's root mean square, which differs ten-thousandfold.
    """

    algorithm: Literal["adam", "amsgrad", "adamax", "radam"] = "adam"
    betas: tuple[Decay, Decay] = (0.9, 0.999)
    eps: Positive = 1e-8
    lr_units: Literal["variable", "image", "rms"] = "variable"

    @property
    def treats_images_alone(self) -> bool:
        """Whether images do not influence each other: not where a rate is of all that there is."""
        return self.lr_units != "rms"

    def check(self, variable: str) -> None:
        """Refuse rates in units of the image or of the tensor for what they are not meant for."""
        if self.lr_units == "image" and variable != "noise":
            raise ConfigError(
                f"optimizer.{variable}.lr_units=image: rates in units of the image are for noise"
            )
        if self.lr_units == "rms" and variable != "weights":
            raise ConfigError(
                f"optimizer.{variable}.lr_units=rms: rates as fractions of a tensor are for weights"
            )

    def build(
        self, parameters: Iterable[nn.Parameter], sensitivity: Sensitivity
    ) -> torch.optim.Optimizer:
        """Return torch's optimiser, with one group per tensor that holds its rate's `scale`."""
        parameters = list(parameters)
        scales = [1.0] * len(parameters)
        if self.lr_units == "image":
            scales = [1 / max(gain, FAINTEST) for gain in sensitivity.gains()]
        if self.lr_units == "rms":
            scales = [max(float(p.detach().square().mean().sqrt()), FAINTEST) for p in parameters]
        groups = [{"params": [p], "scale": s} for p, s in zip(parameters, scales, strict=True)]
        return maker(self.algorithm)(groups, lr=self.lr, betas=self.betas, eps=self.eps)


def maker(algorithm: str) -> Callable[..., torch.optim.Optimizer]:
    """Return what makes torch's optimiser of one of Adam's family.

    NAdam is not among them: once its state is loaded, each of its steps waits for the device.
    """
    import torch

    from ganvas.system.eager import eager

    known: dict[str, Callable[..., torch.optim.Optimizer]] = {
        "adam": partial(eager(torch.optim.Adam), fused=True),
        "amsgrad": partial(eager(torch.optim.Adam), amsgrad=True, fused=True),
        "adamax": eager(torch.optim.Adamax),
        "radam": eager(torch.optim.RAdam),
    }
    return known[algorithm]


@dataclass(frozen=True)
class Optimizers:
    """The optimiser of each kind of variable; a recipe refers to them as ${optimizer.latent} …

    Attributes:
        latent: For the latent (z, w, w+ or s).
        noise: For the noise maps.
        activation: For an activation; its rate counts root mean squares of where it starts.
        weights: For the generator's weights, where a stage tunes them.
    """

    latent: Optimizer
    noise: Optimizer
    activation: Optimizer = field(default_factory=lambda: Adam(lr=0.05))
    weights: Optimizer = field(default_factory=lambda: Adam(lr=3e-4, lr_units="rms"))
