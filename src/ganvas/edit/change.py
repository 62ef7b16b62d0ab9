"""What an operation makes of two images' activations at one layer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ganvas.errors import ConfigError

if TYPE_CHECKING:
    from torch import Tensor

    from ganvas.generator.base import Activation, Generator

Fraction = Annotated[float, Field(ge=0, le=1)]
Seed = Annotated[int, Field(ge=0)]


class Change(ABC):
    """A function of A, the image's own state after a layer, and B, the other image's."""

    @abstractmethod
    def apply(
        self, own: Activation, other: Activation, generator: Generator, layer: str
    ) -> Activation:
        """Return the state that is taken where the mask says so."""

    def check(  # noqa: B027 - most changes fit any layer
        self, state: Activation, generator: Generator, layer: str
    ) -> None:
        """Refuse a layer that the change cannot be made at, before any work.

        Args:
            state: Any state after the layer: what counts is its shape.
            generator: The generator.
            layer: The layer's name.

        Raises:
            ConfigError: It has no such unit, or cannot be cut so.
        """


@dataclass(frozen=True)
class Copy(Change):
    """B: the other image's activations."""

    def apply(
        self, own: Activation, other: Activation, generator: Generator, layer: str
    ) -> Activation:
        """Return B."""
        return other


@dataclass(frozen=True)
class Average(Change):
    """λA + (1 − λ)B.

    Attributes:
        weight: λ, the share of the image itself.
    """

    weight: Fraction = 0.5

    def apply(
        self, own: Activation, other: Activation, generator: Generator, layer: str
    ) -> Activation:
        """Return the weighted average."""
        import torch

        from ganvas.generator.base import Activation

        rgb = None
        if own.rgb is not None and other.rgb is not None:
            rgb = torch.lerp(other.rgb, own.rgb, self.weight)
        return Activation(torch.lerp(other.features, own.features, self.weight), rgb)


@dataclass(frozen=True)
class CopyChannels(Change):
    """A with some channels of B.

    Attributes:
        channels: Indices of the channels; null: every second one.
    """

    channels: tuple[int, ...] | None = None

    def apply(
        self, own: Activation, other: Activation, generator: Generator, layer: str
    ) -> Activation:
        """Return A with B's channels."""
        from ganvas.functional.activations import swap_channels
        from ganvas.generator.base import Activation

        every_second = range(0, own.features.shape[1], 2)
        channels = every_second if self.channels is None else self.channels
        return Activation(swap_channels(own.features, other.features, channels), own.rgb)

    def check(self, state: Activation, generator: Generator, layer: str) -> None:
        """Refuse channels that the layer does not have."""
        if self.channels is not None:
            require_units(self.channels, state, layer)


@dataclass(frozen=True)
class PermuteChannels(Change):
    """A with its channels in another order.

    Attributes:
        fraction: Share of the channels that change places.
        seed: Seed of the order.
    """

    fraction: Fraction = 1.0
    seed: Seed = 0

    def apply(
        self, own: Activation, other: Activation, generator: Generator, layer: str
    ) -> Activation:
        """Return A, permuted."""
        import torch

        from ganvas.functional.activations import permute_channels
        from ganvas.generator.base import Activation

        rng = torch.Generator().manual_seed(self.seed)
        return Activation(permute_channels(own.features, rng, self.fraction), own.rgb)


@dataclass(frozen=True)
class PermutePositions(Change):
    """A cut into tiles that change places.

    Attributes:
        tiles: Tiles per side.
        seed: Seed of the order.
    """

    tiles: Annotated[int, Field(ge=2)] = 2
    seed: Seed = 0

    def apply(
        self, own: Activation, other: Activation, generator: Generator, layer: str
    ) -> Activation:
        """Return A, permuted; the RGB of a skip generator goes along, a margin stays."""
        import torch

        from ganvas.functional.activations import permute_tiles
        from ganvas.generator.base import Activation

        margin = margin_of(generator, layer)

        def permuted(maps: Tensor) -> Tensor:
            rng = torch.Generator().manual_seed(self.seed)
            inside = slice(margin, maps.shape[-1] - margin)
            moved = maps.clone()
            moved[..., inside, inside] = permute_tiles(maps[..., inside, inside], rng, self.tiles)
            return moved

        return Activation(permuted(own.features), None if own.rgb is None else permuted(own.rgb))

    def check(self, state: Activation, generator: Generator, layer: str) -> None:
        """Refuse tiles that the layer's maps, or its RGB, cannot be cut into."""
        for maps in (state.features, state.rgb):
            size = 0 if maps is None else maps.shape[-1] - 2 * margin_of(generator, layer)
            if size % self.tiles:
                raise ConfigError(
                    f"tiles={self.tiles}: the {size}×{size} maps of layer {layer} cannot be cut so"
                )


@dataclass(frozen=True)
class Ablate(Change):
    """A with units set to 0. Bau et al. 2019, *GAN Dissection*.

    Attributes:
        units: Indices of the units (channels).
    """

    units: tuple[int, ...]

    def apply(
        self, own: Activation, other: Activation, generator: Generator, layer: str
    ) -> Activation:
        """Return A without the units."""
        from ganvas.functional.activations import set_channels
        from ganvas.generator.base import Activation

        return Activation(set_channels(own.features, self.units, 0.0), own.rgb)

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
        self, own: Activation, other: Activation, generator: Generator, layer: str
    ) -> Activation:
        """Return A with the units on."""
        from ganvas.functional.activations import set_channels
        from ganvas.generator.base import Activation

        values = unit_quantiles(generator, layer, self.units, self.quantile, self.samples)
        return Activation(set_channels(own.features, self.units, values), own.rgb)

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
    # torch's quantile refuses more than 16 million values, so each unit has its own.
    return torch.stack([values.float().sort().values[round(quantile * (len(values) - 1))]
                        for values in torch.cat(seen, 1)])  # fmt: skip


def margin_of(generator: Generator, layer: str) -> int:
    """Return how many samples of a layer's maps lie outside of the image, on each side."""
    return generator.layers[generator.layer_index(layer)].margin


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
