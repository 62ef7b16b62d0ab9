"""What is timed: which variables are moved, under which terms."""

from __future__ import annotations

from dataclasses import dataclass

from ganvas.layers import All
from ganvas.loss import LPIPS, MSE, Block, NoiseAutocorrelation, Term
from ganvas.optimizer import Adam, Schedule
from ganvas.stage import StageConfig

STEADY = Schedule(up=0, down=0)


@dataclass(frozen=True)
class Task:
    """An optimisation, in ganvas and in the plain loop alike.

    Attributes:
        name: What it is called in the table.
        latent_lr: Rate of the latent; 0: it stays.
        noise_lr: Rate of the noise maps; 0: they stay.
        mse: Weight of the mean squared difference at full size.
        lpips: Weight of LPIPS-VGG at 256².
        autocorrelation: Weight of the maps' autocorrelation; the maps are then normalised too.
    """

    name: str
    latent_lr: float = 0.0
    noise_lr: float = 0.0
    mse: float = 0.0
    lpips: float = 0.0
    autocorrelation: float = 0.0

    @property
    def moves_latent(self) -> bool:
        """Whether the latent is a variable."""
        return self.latent_lr > 0

    @property
    def moves_noise(self) -> bool:
        """Whether the noise maps are variables."""
        return self.noise_lr > 0

    def stage(self, steps: int) -> StageConfig:
        """Return the same as a stage of ganvas."""
        terms: dict[str, Term] = {}
        if self.mse:
            terms["mse"] = MSE(weight=self.mse)
        if self.lpips:
            terms["lpips"] = LPIPS(weight=self.lpips, resolution=256)
        if self.autocorrelation:
            terms["white"] = NoiseAutocorrelation(weight=self.autocorrelation)
        optimise = {}
        if self.moves_latent:
            optimise["latent"] = Adam(lr=self.latent_lr, schedule=STEADY)
        if self.moves_noise:
            optimise["noise"] = Adam(lr=self.noise_lr, schedule=STEADY)
        return StageConfig(
            optimise=optimise,  # type: ignore[arg-type]
            layers=All(),
            objective={"fit": Block(terms)},
            steps=steps,
            normalise_noise=bool(self.autocorrelation),
        )


TASKS = (
    Task("latent", latent_lr=0.05, mse=1.0, lpips=1.0),
    Task("noise", noise_lr=0.05, mse=1.0),
    Task("projector", latent_lr=0.05, noise_lr=0.05, mse=1.0, lpips=1.0, autocorrelation=1e5),
)
"""W_l, Mk_n, and both at once as StyleGAN2's projector does it, with its noise regulariser."""
