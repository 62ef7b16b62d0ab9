"""Painting with units: strokes that add or remove what a dissection knows."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from functools import cache, reduce
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from ganvas.dissect.dissection import Dissection, Ranking
from ganvas.dissect.intervention import DEVIATIONS, STYLES
from ganvas.edit.noise import Seed
from ganvas.edit.units import LayerName, MovesUnits, Pull, region
from ganvas.errors import ConfigError, InputError, about
from ganvas.stage import EmbeddingSpec, Scene
from ganvas.system.gradient import no_grad

if TYPE_CHECKING:
    from torch import Tensor

    from ganvas.generator.base import Generator


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
