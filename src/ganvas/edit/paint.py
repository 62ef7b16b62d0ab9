"""Painting with units: strokes that add or remove what a dissection knows."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, reduce
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from ganvas.dissect.dissection import Dissection, UnitRanking
from ganvas.edit.activation import joined, mixed, require_styles
from ganvas.edit.change import margin_of
from ganvas.edit.operation import Operation
from ganvas.embedding import Embedding
from ganvas.errors import ConfigError, InputError
from ganvas.stage import EmbeddingSpec, Scene
from ganvas.system.gradient import no_grad

if TYPE_CHECKING:
    from torch import Tensor

    from ganvas.generator.base import Activation, Generator

LayerName = int | str


@dataclass(frozen=True)
class Pull:
    """Units of one layer on their way to values, somewhere in the picture.

    Attributes:
        layer: The layer's name.
        units: K indices.
        values: (K,) where to.
        weight: (1, 1, H, W) how far: 0 stays, 1 arrives, more goes beyond.
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
            concept is (add), or where they are least active (remove).
        region: Where, a mask expression of the recipe.
        layer: At which layer: a resolution, for its last layer, or a name.
        units: How many of the concept's best units.
        ranking: What makes a unit good: its agreement with the concept (iou), its effect
            (alpha), or a greedy choice (greedy); null: the effect where the dissection has
            optimised it.
    """

    concept: str
    action: Literal["add", "remove"] = "add"
    strength: Annotated[float, Field(gt=0, le=10)] = 1.0
    region: str = "m"
    layer: LayerName = 16
    units: Annotated[int, Field(ge=1)] = 20
    ranking: UnitRanking | None = None

    def chosen(self, dissection: Dissection, layer: str) -> tuple[int, ...]:
        """Return the units that the stroke moves.

        Raises:
            ConfigError: The dissection has no such concept or layer, or no unit for it there.
        """
        ranking = self.ranking
        if ranking is None:
            ranking = "alpha" if dissection.has_alpha(self.concept, layer) else "iou"
        return dissection.best(self.concept, layer, self.units, ranking)

    def values(self, dissection: Dissection, layer: str, units: Sequence[int]) -> Tensor:
        """Return where the units go, (K,)."""
        parts, index = dissection.units(layer), list(units)
        if self.action == "remove":
            return parts.off[index]
        return parts.on[dissection.concepts.index(self.concept), index]


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
        require_styles(specs[self.embedding], generator, self.layers(generator)[0])
        specs[self.embedding] = replace(specs[self.embedding], edited=self.last(generator))

    def last(self, generator: Generator) -> str:
        """Return the layer whose activation the embedding is drawn from afterwards."""
        last = self.layers(generator)[-1]
        if self.restore is not None:
            for layer in generator.layers[generator.layer_index(last) :]:
                last = layer.name if layer.resolution <= self.restore else last
        return last

    def moved(self, scene: Scene, pulls: Sequence[Sequence[Pull]], regions: Tensor) -> Embedding:
        """Return the embedding with its units moved, image by image.

        Args:
            scene: The scene.
            pulls: What moves, for each image.
            regions: (B, 1, H, W) all regions together.
        """
        embedding, generator = scene.embedding(self.embedding), scene.generator
        parts = [
            self.painted(embedding[i : i + 1], generator, pulls[i], regions[i : i + 1])
            for i in range(len(embedding))
        ]
        return replace(embedding, resume=joined(parts))

    def painted(
        self,
        image: Embedding,
        generator: Generator,
        pulls: Sequence[Pull],
        region: Tensor,
        before: Activation | None = None,
    ) -> tuple[str, Activation]:
        """Return the last layer and its state, with the units of one image moved.

        Args:
            image: The embedding of one image.
            generator: The generator.
            pulls: What moves.
            region: (1, 1, H, W) all regions together; outside of it the state is restored.
            before: The state there without the strokes, where it is known.
        """
        resume = image.resume
        for name in self.layers(generator):
            state = replace(image, resume=resume).activations(generator, [name])[name]
            for pull in pulls:
                if pull.layer == name:
                    state = pulled(state, pull, margin_of(generator, name))
            resume = (name, state)
        assert resume is not None
        name = self.last(generator)
        if name == resume[0]:
            return resume
        after = replace(image, resume=resume).activations(generator, [name])[name]
        if before is None:
            before = image.activations(generator, [name])[name]
        return name, mixed(before, after, 1 - region, region, margin_of(generator, name))


def pulled(state: Activation, pull: Pull, margin: int) -> Activation:
    """Return a state with some units moved."""
    from ganvas.functional.activations import fit_mask, pull_channels
    from ganvas.generator.base import Activation

    weight = fit_mask(pull.weight, state.features.shape[-1], margin)
    features = pull_channels(state.features, pull.units, pull.values, weight)
    return Activation(features, state.rgb)


@dataclass(frozen=True)
class PaintUnits(MovesUnits):
    """Paint with the units that draw concepts. Bau et al. 2019, *GAN Dissection* and *GANPaint*.

    Latent and noise stay; what a stroke changes is the activation at its layer, inside its region.

    Attributes:
        dissection: The dissection.safetensors of this generator.
        strokes: The strokes by name; later ones go over earlier ones at the same layer.
        restore: Up to which resolution convolutions may carry the change out of the regions; null:
            as far as they reach.
        embedding: The image that is painted on.
    """

    dissection: Path
    strokes: dict[str, ConceptStroke]
    restore: int | None = 128
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
            try:
                stroke.chosen(dissection, generator.find_layer(stroke.layer))
            except ConfigError as error:
                raise ConfigError(f"strokes.{name}: {error}") from error

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
        painted = scene.embeddings[self.embedding] = self.moved(scene, pulls, together)
        return painted.render(scene.generator)

    def pulls(self, generator: Generator, regions: Mapping[str, Tensor]) -> list[Pull]:
        """Return what the strokes move in one image, by their regions (1, 1, H, W)."""
        dissection, pulls = opened(self.dissection), []
        for name, stroke in self.strokes.items():
            layer = generator.find_layer(stroke.layer)
            units = stroke.chosen(dissection, layer)
            values = stroke.values(dissection, layer, units)
            pulls.append(Pull(layer, units, values, stroke.strength * regions[name]))
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
