"""What painting and repairing share: units of activations, or styles, move inside of regions."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ganvas.dissect.intervention import STYLES
from ganvas.edit.activation import mixed
from ganvas.edit.change import margin_of
from ganvas.edit.noise import renewed
from ganvas.edit.operation import Operation
from ganvas.embedding import Embedding
from ganvas.stage import EmbeddingSpec, Scene

if TYPE_CHECKING:
    from torch import Tensor

    from ganvas.generator.base import Activation, Generator

LayerName = int | str


@dataclass(frozen=True)
class Pull:
    """Units of one layer, or styles, on their way to values, somewhere in the picture.

    Attributes:
        layer: The layer's name; `STYLES` for styles.
        units: K indices; of styles, among all styles side by side.
        values: (K,) where to.
        weight: (1, 1, H, W) how far: 0 stays, 1 arrives; of units, more goes beyond.
    """

    layer: str
    units: tuple[int, ...]
    values: Tensor
    weight: Tensor


class MovesUnits(Operation):
    """What painting and repairing share: units move inside of regions, and the rest is restored.

    Attributes:
        embedding: The image that is painted on.
        restore: Up to which resolution convolutions may carry the change out of the regions: at the
            last layer there the activations outside are those of the image again; null: never.
    """

    embedding: str
    restore: int | None

    @abstractmethod
    def layers(self, generator: Generator) -> tuple[str, ...]:
        """Return the layers whose units move, in the order in which they run."""

    def embeddings(self) -> tuple[str, ...]:
        """Return the image's."""
        return (self.embedding,)

    def enter(self, generator: Generator, specs: MutableMapping[str, EmbeddingSpec]) -> None:
        """Check the layers, and enter what the operation leaves.

        Raises:
            ConfigError: There is no such layer, the latent is in S space, or activations behind the
                first layer are edited already.
        """
        specs[self.embedding].require_activations(self.layers(generator)[0], generator)
        specs[self.embedding] = replace(specs[self.embedding], edited=self.last(generator))

    def last(self, generator: Generator) -> str:
        """Return the layer whose activation the embedding is drawn from afterwards."""
        last = self.layers(generator)[-1]
        if self.restore is not None:
            for layer in generator.layers[generator.layer_index(last) :]:
                last = layer.name if layer.resolution <= self.restore else last
        return last

    def moved(
        self,
        scene: Scene,
        pulls: Sequence[Sequence[Pull]],
        regions: Tensor,
        fresh: Sequence[Tensor] | None = None,
    ) -> Embedding:
        """Return the embedding with its units moved, image by image.

        Args:
            scene: The scene.
            pulls: What moves, for each image.
            regions: (B, 1, H, W) all regions together.
            fresh: The noise of the regions, (1, 1, r, r) each; None: that of the embedding.
        """
        embedding, generator = scene.embedding(self.embedding), scene.generator
        parts = [
            self.painted(embedding[i : i + 1], generator, pulls[i], regions[i : i + 1], fresh)
            for i in range(len(embedding))
        ]
        return Embedding.join(parts)

    def painted(
        self,
        image: Embedding,
        generator: Generator,
        pulls: Sequence[Pull],
        region: Tensor,
        fresh: Sequence[Tensor] | None = None,
        before: Activation | None = None,
        start: tuple[str, Activation] | None = None,
    ) -> Embedding:
        """Return the embedding of one image with its units moved, drawn from the last layer on.

        Args:
            image: The embedding of one image.
            generator: The generator.
            pulls: What moves.
            region: (1, 1, H, W) all regions together; outside of it the state is restored.
            fresh: The region's noise, (1, 1, r, r) each; None: the image's.
            before: The state at the last layer without the strokes, where it is known.
            start: A layer before the strokes and its state without them, where it is known.
        """
        painted, name = image, self.last(generator)
        if fresh is not None:
            painted = replace(image, noise=renewed(image.noise, fresh, region)).rounded()
        margin = margin_of(generator, name)
        state = before = before or image.activations(generator, [name])[name]
        if any(pull.layer != STYLES for pull in pulls):
            # What is known before the strokes was drawn with the image's noise.
            known = image.resume if start is None or fresh is not None else start
            state = self._units_moved(replace(painted, resume=known), generator, pulls)
            if self.restore is not None:
                state = mixed(before, state, 1 - region, region, margin)
        for pull in pulls:
            if pull.layer == STYLES:
                restyled = restyled_state(painted, generator, pull, name)
                weight = pull.weight.clamp(0, 1)
                state = mixed(state, restyled, 1 - weight, weight, margin)
        return replace(painted, resume=(name, state))

    def _units_moved(
        self, image: Embedding, generator: Generator, pulls: Sequence[Pull]
    ) -> Activation:
        """Return the state at the last layer of one image with its units moved."""
        for name in self.layers(generator):
            state = image.activations(generator, [name])[name]
            for pull in pulls:
                if pull.layer == name:
                    state = pulled(state, pull, margin_of(generator, name))
            image = replace(image, resume=(name, state))
        last = self.last(generator)
        return image.activations(generator, [last])[last]


def restyled_state(image: Embedding, generator: Generator, pull: Pull, layer: str) -> Activation:
    """Return the state after a layer of one image that is drawn with other styles."""
    from ganvas.embedding.embedding import join_styles, split_styles
    from ganvas.generator.tuning import tuned

    generator = tuned(generator, image.delta)
    styles = join_styles(image.styles(generator))
    styles[:, list(pull.units)] = pull.values.to(styles)
    moved = split_styles(styles, generator)
    return generator.states(moved, image.noise, [layer], resume=image.resume)[layer]


def pulled(state: Activation, pull: Pull, margin: int) -> Activation:
    """Return a state with some units moved."""
    from ganvas.functional.activations import fit_mask, pull_channels
    from ganvas.generator.base import Activation

    weight = fit_mask(pull.weight, state.features.shape[-1], margin)
    features = pull_channels(state.features, pull.units, pull.values, weight)
    return Activation(features, state.rgb)


def region(scene: Scene, expression: str, count: int) -> Tensor:
    """Return the mask (B, 1, H, W) that an expression stands for."""
    import torch

    mask = scene.mask(expression)
    if mask is None:
        device = scene.generator.w_avg.device
        return torch.ones(count, 1, 1, 1, device=device)
    return mask
