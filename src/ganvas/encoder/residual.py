"""Encoders that are trained by gradients, as options of `encoder=`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ganvas.encoder.objective import Weight
from ganvas.encoder.option import Job, Trainable
from ganvas.encoder.settings import Settings

if TYPE_CHECKING:
    from ganvas.encoder.residual_encoder import ResidualEncoder
    from ganvas.generator.base import Generator


@dataclass(frozen=True)
class Residual(Settings, Trainable):
    """A network from frozen feature maps to w+, trained by Adam; it looks again at what it drew."""

    def train(self, generator: Generator, job: Job) -> ResidualEncoder:
        """Train, or continue, on samples that are drawn as they are needed.

        Raises:
            ConfigError: A head has no rows, or photographs have no loss.
            AssetError: A network that is needed cannot be had.
            InputError: Photographs cannot be read.
            RunError: A loss is not finite.
            StorageError: The job's folder cannot be written, or holds a broken state.
        """
        from ganvas.encoder.fit import fit

        return fit(self, generator, job)


@dataclass(frozen=True)
class Variational(Residual):
    """A residual encoder whose w is a normal distribution; its mean is what it encodes.

    In training the picture is that of a random w of the distribution. Source: Kingma and Welling
    2013, *Auto-Encoding Variational Bayes*; the prior is the generator's w, whitened.

    Attributes:
        kl: Weight of the divergence from the prior, a mean over coordinates.
    """

    kl: Weight = 0.1

    @property
    def variational(self) -> bool:
        """Whether the network says how certain it is: it does."""
        return True

    def weight(self, loss: str) -> float:
        """Return the weight of a loss by its name."""
        return self.kl if loss == "kl" else super().weight(loss)
