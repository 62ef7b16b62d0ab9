"""Drafts: pictures from an early layer's features, which a linear head turns into RGB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import torch
from torch import Tensor

from ganvas.functional.colour_head import apply_head, fit_head
from ganvas.functional.images import resize
from ganvas.generator.base import Activation, Generator
from ganvas.stage.config import StageConfig
from ganvas.stage.draft import Draft
from ganvas.stage.variables import Variables, first_affected

Drawing: TypeAlias = (
    "tuple[Generator, Sequence[Tensor], Sequence[Tensor], tuple[str, Activation] | None]"
)
"""What pictures are drawn with: generator, styles, noise maps, and the activation to draw from."""

PENALTY = 1e-4
"""Of the ridge regression, in standard deviations of the features."""


class Drafts:
    """Draws drafts of the images of a stage.

    Args:
        draft: What they are.
        layer: The layer that they stop behind.
        steps: Steps of the stage.
        count: How many images there are.

    Attributes:
        resolution: Their height and width.
        heads: (B, C + 1, 3), the head of each image; None: not fitted yet.
    """

    def __init__(self, draft: Draft, layer: str, steps: int, count: int) -> None:
        self.resolution = draft.resolution
        self.heads: Tensor | None = None
        self._layer = layer
        self._refit = draft.refit
        self._steps = int(draft.until * steps)
        self._count = count

    @classmethod
    def of(cls, config: StageConfig, variables: Variables) -> Drafts | None:
        """Return what draws a stage's drafts; None: it has none, or they would not change."""
        draft, generator = config.draft, variables.before
        layer = None if draft is None else draft.layer(generator)
        if draft is None or layer is None:
            return None
        at = generator.layer_index(layer)
        changes = first_affected(generator, variables.rows, variables.maps) <= at
        edited = variables.start.resume
        if not changes or (edited is not None and generator.layer_index(edited[0]) >= at):
            return None
        return cls(draft, layer, config.steps, len(variables.start))

    def cover(self, step: int) -> bool:
        """Return whether a step is taken on drafts; the last one of a stage never is."""
        return step < self._steps

    def are_due(self, step: int) -> bool:
        """Return whether the heads are to be fitted before a step."""
        return self.cover(step) and step % self._refit == 0

    @torch.no_grad()
    def fit(self, images: slice, drawing: Drawing) -> None:
        """Fit the heads of some images to what the generator draws of them."""
        generator, styles, noise, _ = drawing
        state = self._state(drawing)
        picture = generator.synthesis(styles, noise, resume=(self._layer, state))
        features = self._features(generator, state).float()
        heads = fit_head(features, resize(picture.float(), features.shape[-1]), PENALTY)
        if self.heads is None:
            self.heads = heads.new_zeros(self._count, *heads.shape[1:])
        # In place: a recorded step reads the same memory every time.
        self.heads[images] = heads

    def draw(self, images: slice, drawing: Drawing) -> Tensor:
        """Return drafts (b, 3, r, r) of some images, in about [−1, 1]."""
        assert self.heads is not None
        features = self._features(drawing[0], self._state(drawing))
        return resize(apply_head(features, self.heads[images]), self.resolution)

    def _state(self, drawing: Drawing) -> Activation:
        generator, styles, noise, resume = drawing
        return generator.states(styles, noise, [self._layer], resume=resume)[self._layer]

    def _features(self, generator: Generator, state: Activation) -> Tensor:
        """Return what is inside of the image, with the RGB so far of a skip generator."""
        features = state.features
        margin = generator.layers[generator.layer_index(self._layer)].margin
        if margin:
            features = features[..., margin:-margin, margin:-margin]
        if state.rgb is None:
            return features
        rgb = resize(state.rgb, (features.shape[-2], features.shape[-1]))
        return torch.cat([features, rgb], dim=1)
