"""Changes of some channels of a layer, which GAN Dissection calls units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ganvas.edit.change import Change, Fraction
from ganvas.errors import ConfigError

if TYPE_CHECKING:
    from torch import Tensor

    from ganvas.generator.base import Activation, Generator


@dataclass(frozen=True)
class CopyChannels(Change):
    """A with some channels of B.

    Attributes:
        channels: Indices of the channels; null: every second one.
    """

    channels: tuple[int, ...] | None = None

    def apply(
        self, state: Activation, other: Activation, generator: Generator, layer: str
    ) -> Activation:
        """Return A with B's channels."""
        from ganvas.functional.activations import swap_channels
        from ganvas.generator.base import Activation

        every_second = range(0, state.features.shape[1], 2)
        channels = every_second if self.channels is None else self.channels
        return Activation(swap_channels(state.features, other.features, channels), state.rgb)

    def check(self, state: Activation, generator: Generator, layer: str) -> None:
        """Refuse channels that the layer does not have."""
        if self.channels is not None:
            require_units(self.channels, state, layer)


@dataclass(frozen=True)
class Ablate(Change):
    """A with units set to 0. Bau et al. 2019, *GAN Dissection*.

    Attributes:
        units: Indices of the units (channels).
    """

    units: tuple[int, ...]

    def apply(
        self, state: Activation, other: Activation, generator: Generator, layer: str
    ) -> Activation:
        """Return A without the units."""
        from ganvas.functional.activations import set_channels
        from ganvas.generator.base import Activation

        return Activation(set_channels(state.features, self.units, 0.0), state.rgb)

    def check(self, state: Activation, generator: Generator, layer: str) -> None:
        """Refuse units that the layer does not have."""
        require_units(self.units, state, layer)


@dataclass(frozen=True)
class Insert(Change):
    """A with units set to a high value. Bau et al. 2019, *GAN Dissection*.

    Attributes:
        units: Indices of the units (channels).
        quantile: Which quantile of each unit's activation over random samples is the high value.
        samples: How many samples.
    """

    units: tuple[int, ...]
    quantile: Fraction = 0.99
    samples: Annotated[int, Field(ge=1)] = 16

    def apply(
        self, state: Activation, other: Activation, generator: Generator, layer: str
    ) -> Activation:
        """Return A with the units on."""
        from ganvas.functional.activations import set_channels
        from ganvas.generator.base import Activation

        values = unit_quantiles(generator, layer, self.units, self.quantile, self.samples)
        return Activation(set_channels(state.features, self.units, values), state.rgb)

    def check(self, state: Activation, generator: Generator, layer: str) -> None:
        """Refuse units that the layer does not have."""
        require_units(self.units, state, layer)


def unit_quantiles(
    generator: Generator, layer: str, units: tuple[int, ...], quantile: float, samples: int
) -> Tensor:
    """Return a quantile (K,) of each unit's activation over all positions of random samples."""
    import torch

    rng = torch.Generator().manual_seed(0)
    seen = []
    for w in generator.sample_w(samples, rng):
        noise = generator.sample_noise(1, rng)
        rows = generator.broadcast(w[None])
        features = generator.activations(rows, noise, [layer])[layer].features[0, list(units)]
        seen.append(features.flatten(1))
    # torch's quantile refuses more than 16 million values, so each unit has its state.
    return torch.stack([values.float().sort().values[round(quantile * (len(values) - 1))]
                        for values in torch.cat(seen, 1)])  # fmt: skip


def require_units(units: tuple[int, ...], state: Activation, layer: str) -> None:
    """Refuse units that a layer does not have.

    Raises:
        ConfigError: There is none, or an index is out of range.
    """
    count = state.features.shape[1]
    if not units:
        raise ConfigError(f"no unit of layer {layer} is named")
    for unit in units:
        if not 0 <= unit < count:
            raise ConfigError(f"layer {layer} has units 0 to {count - 1}, not {unit}")
