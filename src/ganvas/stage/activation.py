"""F space: the activation after one layer as a variable, from which the rest is drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ganvas.embedding import Embedding
from ganvas.errors import ConfigError
from ganvas.functional.activations import fit_mask
from ganvas.generator.base import Activation, Generator


@dataclass(frozen=True)
class ActivationSite:
    """Which activation a stage optimises, and where.

    Attributes:
        layer: A resolution, for its last layer, or a layer's name.
        mask: A mask expression of the recipe: where the activation may change. Elsewhere it stays
            what the latent makes of it.
    """

    layer: int | str = 32
    mask: str = "1"


class ActivationVariable(nn.Module):
    """F = F₀ + M ⊙ σ₀ u: the parameter u counts root mean squares σ₀ of the start F₀.

    So one learning rate serves every layer, and u = 0 is the picture that the latent draws. The RGB
    so far of a skip generator stays that of the start.

    Source: the spaces F/W+ of Kang, Kim and Cho 2021 (BDInvert) and F/S of Zhu et al. 2021
    (Barbershop).

    Args:
        embedding: Where to start: its own activations, or those that it was edited to have.
        generator: The frozen generator.
        site: Where.
        mask: (B, 1, H, W) in [0, 1], or None for everywhere.

    Raises:
        ConfigError: There is no such layer, the latent is in S space, or activations behind the
            layer are edited already.
    """

    def __init__(
        self, embedding: Embedding, generator: Generator, site: ActivationSite, mask: Tensor | None
    ) -> None:
        super().__init__()
        self.layer = generator.find_layer(site.layer)
        require_site(self.layer, embedding.space, edited_layer(embedding), generator)
        with torch.no_grad():
            # Image by image, so that neighbours change nothing, not even by rounding.
            states = [
                embedding[i : i + 1].activations(generator, [self.layer])[self.layer]
                for i in range(len(embedding))
            ]
        features = torch.cat([state.features for state in states])
        self.start = features
        self.rgb = None if states[0].rgb is None else torch.cat([_rgb(s) for s in states])
        self.scale = features.square().mean((1, 2, 3), keepdim=True).sqrt()
        if mask is not None:
            margin = generator.layers[generator.layer_index(self.layer)].margin
            self.scale = self.scale * fit_mask(mask, features.shape[-1], margin)
        self.displacement = nn.Parameter(torch.zeros_like(features))

    def state(self, displacement: Tensor, images: slice) -> Activation:
        """Return the state after the layer for a displacement u (b, C, r, r) of some images."""
        rgb = None if self.rgb is None else self.rgb[images]
        return Activation(self.start[images] + self.scale[images] * displacement, rgb)

    def of(self, images: slice) -> tuple[str, Activation]:
        """Return the layer and its state for some images, with gradient on u."""
        return self.layer, self.state(self.displacement[images], images)

    def with_displacement(self, embedding: Embedding, displacement: Tensor) -> Embedding:
        """Return the embedding that is drawn from the moved activation."""
        return replace(embedding, resume=(self.layer, self.state(displacement, slice(None))))


def edited_layer(embedding: Embedding) -> str | None:
    """Return the layer from which an embedding's edited activations are drawn, or None."""
    return None if embedding.resume is None else embedding.resume[0]


def require_site(layer: str, space: str, edited: str | None, generator: Generator) -> None:
    """Refuse a layer whose activation cannot be computed from a latent.

    Raises:
        ConfigError: The latent is in S space, or activations behind the layer are edited already.
    """
    if space == "s":
        raise ConfigError("optimising an activation needs start.space z, w or w+, not s")
    if edited is not None and generator.layer_index(edited) > generator.layer_index(layer):
        raise ConfigError(f"layer {layer} lies before {edited}, which is edited already")


def _rgb(state: Activation) -> Tensor:
    assert state.rgb is not None
    return state.rgb
