"""Adam and its family as an option of `optimizer=`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from ganvas.errors import ConfigError
from ganvas.optimizer.base import Sensitivity
from ganvas.optimizer.descent import Descent, Positive

if TYPE_CHECKING:
    import torch
    from torch import nn

Decay = Annotated[float, Field(ge=0, lt=1)]

FAINTEST = 1e-9
"""A map that moves the image by less than this cannot be seen, and must not be divided by."""


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
