"""Painting with units: strokes that add or remove what a dissection knows."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, reduce
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from ganvas.dissect.dissection import Dissection, Ranking
from ganvas.dissect.intervention import DEVIATIONS, STYLES
from ganvas.edit.activation import mixed
from ganvas.edit.change import margin_of
from ganvas.edit.noise import Seed, renewed
from ganvas.edit.operation import Operation
from ganvas.embedding import Embedding
from ganvas.errors import ConfigError, InputError, about
from ganvas.stage import EmbeddingSpec, Scene
from ganvas.system.gradient import no_grad

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


@dataclass(frozen=True)
class ConceptStroke:
    """One stroke of the brush.

    Attributes:
        concept: What to paint, a concept of the dissection.
        action: Add it, or remove it.
        strength: How far its units move, in the distances to the values that they have where the
            concept is (add), or where they are least active (remove). Of styles, how many times
            two standard deviations from their means they go.
        region: Where, a mask expression of the recipe.
        layer: At which layer: a resolution, for its last layer, or a name.
        units: How many of the concept's best units.
        ranking: What makes a unit good: its agreement with the concept (iou), its effect
            (alpha), or a greedy choice (greedy); null: the effect where the dissection has
            optimised it. Or styles are moved, those that change the concept most (gradient), or
            go with it (correlation): inside of the region, the picture is then that of other
            styles, from the layer at which the rest is restored.
    """

    concept: str
    action: Literal["add", "remove"] = "add"
    strength: Annotated[float, Field(gt=0, le=10)] = 1.0
    region: str = "m"
    layer: LayerName = 16
    units: Annotated[int, Field(ge=1)] = 20
    ranking: Ranking | None = None

    def pull(self, dissection: Dissection, layer: str, region: Tensor) -> Pull:
        """Return what the stroke moves in one image.

        Args:
            dissection: What there is to move.
            layer: The name of the stroke's layer.
            region: (1, 1, H, W) where.

        Raises:
            ConfigError: The dissection has no such concept or layer, or no unit or style for it.
        """
        ranking = self.ranking
        if ranking is None:
            ranking = "alpha" if dissection.has_alpha(self.concept, layer) else "iou"
        if ranking == "gradient" or ranking == "correlation":
            styles, direction = dissection.best_styles(self.concept, self.units, ranking)
            far = self.strength * (DEVIATIONS if self.action == "add" else -DEVIATIONS)
            return Pull(STYLES, styles, dissection.moved_styles(styles, direction, far), region)
        units = dissection.best(self.concept, layer, self.units, ranking)
        parts, index = dissection.units(layer), list(units)
        on = parts.on[dissection.concepts.index(self.concept), index]
        values = on if self.action == "add" else parts.off[index]
        return Pull(layer, units, values, self.strength * region)


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


@dataclass(frozen=True)
class PaintUnits(MovesUnits):
    """Paint with the units, or styles, of concepts. Bau et al. 2019, *GAN Dissection*, *GANPaint*.

    The latent stays; what a stroke changes is the activation at its layer, inside its region.

    Attributes:
        dissection: The dissection.safetensors of this generator.
        strokes: The strokes by name; later ones go over earlier ones at the same layer.
        restore: Up to which resolution convolutions may carry the change out of the regions; null:
            as far as they reach.
        noise_seed: Seed of the noise that the regions are drawn with; null: with the image's, of
            which fitted maps show the face as it was. The run's seed gives the noise that nothing
            was fitted to.
        embedding: The image that is painted on.
    """

    dissection: Path
    strokes: dict[str, ConceptStroke]
    restore: int | None = 128
    noise_seed: Seed | None = None
    embedding: str = "x"

    def __post_init__(self) -> None:
        if not self.strokes:
            raise ConfigError("painting needs at least one stroke")
        if self.dissection.is_dir():
            raise InputError(
                f"dissection={self.dissection} is a folder; name the dissection.safetensors in it"
            )

    def check(self, generator: Generator, specs: MutableMapping[str, EmbeddingSpec]) -> None:
        """Refuse another generator's dissection, and strokes without units.

        Raises:
            ConfigError: A stroke's layer or concept was not dissected, or has no unit.
            InputError: The dissection is missing, or is of another generator.
        """
        self.enter(generator, specs)
        dissection = opened(self.dissection)
        dissection.require_generator(generator)
        for name, stroke in self.strokes.items():
            layer = generator.find_layer(stroke.layer)
            with about(f"strokes.{name}"):
                stroke.pull(dissection, layer, dissection.share.view(1, 1, 1, -1))

    def masks(self) -> tuple[str, ...]:
        """Return the regions."""
        return tuple(stroke.region for stroke in self.strokes.values())

    def layers(self, generator: Generator) -> tuple[str, ...]:
        """Return the layers of the strokes."""
        names = {generator.find_layer(stroke.layer) for stroke in self.strokes.values()}
        return tuple(sorted(names, key=generator.layer_index))

    @no_grad
    def apply(self, scene: Scene) -> Tensor:
        """Paint, and draw the picture."""
        import torch

        count = len(scene.embedding(self.embedding))
        regions = {name: region(scene, s.region, count) for name, s in self.strokes.items()}
        pulls = [
            self.pulls(scene.generator, {name: r[i : i + 1] for name, r in regions.items()})
            for i in range(count)
        ]
        together = reduce(torch.maximum, regions.values())
        fresh = self.fresh(scene.generator)
        painted = scene.embeddings[self.embedding] = self.moved(scene, pulls, together, fresh)
        return painted.render(scene.generator)

    def fresh(self, generator: Generator) -> list[Tensor] | None:
        """Return the regions' noise, (1, 1, r, r) each; None: it stays the image's."""
        return None if self.noise_seed is None else generator.noise_of(self.noise_seed)

    def pulls(self, generator: Generator, regions: Mapping[str, Tensor]) -> list[Pull]:
        """Return what the strokes move in one image, by their regions (1, 1, H, W)."""
        dissection, pulls = opened(self.dissection), []
        for name, stroke in self.strokes.items():
            layer = generator.find_layer(stroke.layer)
            pulls.append(stroke.pull(dissection, layer, regions[name]))
        return pulls


def region(scene: Scene, expression: str, count: int) -> Tensor:
    """Return the mask (B, 1, H, W) that an expression stands for."""
    import torch

    mask = scene.mask(expression)
    if mask is None:
        device = scene.generator.w_avg.device
        return torch.ones(count, 1, 1, 1, device=device)
    return mask


@cache
def _read(path: Path, changed: int, size: int) -> Dissection:
    return Dissection.load(path)


def opened(path: Path) -> Dissection:
    """Read a dissection, once for all strokes.

    Raises:
        InputError: There is none.
    """
    if not path.is_file():
        return Dissection.load(path)
    stat = path.stat()
    return _read(path.resolve(), stat.st_mtime_ns, stat.st_size)
