"""Changes that put a layer's channels, or parts of its maps, in another order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ganvas.edit.change import Change, Fraction, Seed, margin_of
from ganvas.errors import ConfigError

if TYPE_CHECKING:
    from torch import Tensor

    from ganvas.generator.base import Activation, Generator


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
        self, state: Activation, other: Activation, generator: Generator, layer: str
    ) -> Activation:
        """Return A, permuted."""
        import torch

        from ganvas.functional.activations import permute_channels
        from ganvas.generator.base import Activation

        rng = torch.Generator().manual_seed(self.seed)
        return Activation(permute_channels(state.features, rng, self.fraction), state.rgb)


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
        self, state: Activation, other: Activation, generator: Generator, layer: str
    ) -> Activation:
        """Return A, permuted; the RGB of a skip generator goes along, a margin stays."""
        import torch

        from ganvas.functional.activations import permute_tiles

        margin = margin_of(generator, layer)

        def permuted(maps: Tensor) -> Tensor:
            rng = torch.Generator().manual_seed(self.seed)
            inside = slice(margin, maps.shape[-1] - margin)
            moved = maps.clone()
            moved[..., inside, inside] = permute_tiles(maps[..., inside, inside], rng, self.tiles)
            return moved

        return state.map(permuted)

    def check(self, state: Activation, generator: Generator, layer: str) -> None:
        """Refuse tiles that the layer's maps, or its RGB, cannot be cut into."""
        for maps in (state.features, state.rgb):
            size = 0 if maps is None else maps.shape[-1] - 2 * margin_of(generator, layer)
            if size % self.tiles:
                raise ConfigError(
                    f"tiles={self.tiles}: the {size}×{size} maps of layer {layer} cannot be cut so"
                )
