"""F space: the activation after one layer as a variable, from which the rest is drawn."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from ganvas.embedding import Embedding
from ganvas.functional.activations import fit_mask
from ganvas.generator.base import Activation, Generator
from ganvas.stage.activation import ActivationSite
from ganvas.stage.embedding_spec import EmbeddingSpec


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
        EmbeddingSpec.of(embedding).require_activations(self.layer, generator)
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
        margin = generator.layers[generator.layer_index(self.layer)].margin
        self.mask = None if mask is None else fit_mask(mask, features.shape[-1], margin)
        self.displacement = nn.Parameter(torch.zeros_like(features))

    def state(self, displacement: Tensor, images: slice) -> Activation:
        """Return the state after the layer for a displacement u (b, C, r, r) of some images."""
        rgb = None if self.rgb is None else self.rgb[images]
        moved = self.scale[images] * self._masked(displacement, images)
        return Activation(self.start[images] + moved, rgb)

    def distance(self, images: slice) -> Tensor:
        """Return (F − F₀) / σ₀ = M ⊙ u (b, C, r, r) of some images, with gradient on u."""
        return self._masked(self.displacement[images], images)

    def _masked(self, displacement: Tensor, images: slice) -> Tensor:
        return displacement if self.mask is None else self.mask[images] * displacement

    def of(self, images: slice) -> tuple[str, Activation]:
        """Return the layer and its state for some images, with gradient on u."""
        return self.layer, self.state(self.displacement[images], images)

    def with_displacement(self, embedding: Embedding, displacement: Tensor) -> Embedding:
        """Return the embedding that is drawn from the moved activation."""
        return replace(embedding, resume=(self.layer, self.state(displacement, slice(None))))


def _rgb(state: Activation) -> Tensor:
    assert state.rgb is not None
    return state.rgb
