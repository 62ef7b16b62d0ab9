"""Repair: units that draw an artefact go back to their means, one after the other."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal
from weakref import WeakKeyDictionary

from pydantic import Field

from ganvas.edit.change import margin_of
from ganvas.edit.units import LayerName, MovesUnits, Pull, region
from ganvas.embedding import Embedding
from ganvas.errors import ConfigError
from ganvas.stage import EmbeddingSpec, Scene
from ganvas.system.gradient import no_grad

if TYPE_CHECKING:
    from torch import Tensor

    from ganvas.generator.base import Generator


@dataclass(frozen=True)
class RepairUnits(MovesUnits):
    """Set units that answer unusually inside of a region to their means. Bau et al. 2019, 4.3.

    The film shows the picture with none, one, two … of them set back.

    Attributes:
        by: What is unusual: a unit's mean inside of the region (response), or a peak that few
            samples have anywhere (rarity).
        units: How many units.
        layer: At which layer: a resolution, for its last layer, or a name.
        region: Where the artefact is, a mask expression of the recipe.
        samples: Samples that say what is usual.
        restore: Up to which resolution convolutions may carry the change out of the region; null:
            as far as they reach.
        embedding: The image that is repaired.
    """

    by: Literal["response", "rarity"] = "response"
    units: Annotated[int, Field(ge=1)] = 8
    layer: LayerName = 16
    region: str = "m"
    samples: Annotated[int, Field(ge=2)] = 32
    restore: int | None = 128
    embedding: str = "x"

    def check(self, generator: Generator, specs: MutableMapping[str, EmbeddingSpec]) -> None:
        """Refuse a layer that is not there or has fewer units.

        Raises:
            ConfigError: As `enter`, or the layer has fewer units.
        """
        self.enter(generator, specs)
        channels = generator.layers[generator.layer_index(self.layers(generator)[0])].channels
        if self.units > channels:
            raise ConfigError(f"units={self.units}: the layer has {channels}")

    def masks(self) -> tuple[str, ...]:
        """Return the region."""
        return (self.region,)

    def layers(self, generator: Generator) -> tuple[str, ...]:
        """Return the one layer."""
        return (generator.find_layer(self.layer),)

    def frames(self, scene: Scene) -> Iterator[Tensor]:
        """Draw the pictures with 0, 1, 2 … units set back."""
        pulls = self._pulls(scene)
        where = region(scene, self.region, len(pulls))
        for count in range(self.units + 1):
            fewer = [
                [Pull(p.layer, p.units[:count], p.values[:count], p.weight)] if count else []
                for p in pulls
            ]
            yield self.moved(scene, fewer, where).render(scene.generator)

    @no_grad
    def apply(self, scene: Scene) -> Tensor:
        """Set the units back, and draw the picture."""
        pulls = self._pulls(scene)
        where = region(scene, self.region, len(pulls))
        repaired = self.moved(scene, [[pull] for pull in pulls], where)
        scene.embeddings[self.embedding] = repaired
        return repaired.render(scene.generator)

    @no_grad
    def _pulls(self, scene: Scene) -> list[Pull]:
        embedding, generator = scene.embedding(self.embedding), scene.generator
        usual = _usual(generator, self.layers(generator)[0], self.samples)
        where = region(scene, self.region, len(embedding))
        return [
            self._pull(embedding[i : i + 1], generator, usual, where[i : i + 1])
            for i in range(len(embedding))
        ]

    def _pull(self, image: Embedding, generator: Generator, usual: _Usual, where: Tensor) -> Pull:
        from ganvas.functional.activations import fit_mask
        from ganvas.functional.artefacts import rarity, unusual_response

        (layer,) = self.layers(generator)
        features = image.activations(generator, [layer])[layer].features
        weight = fit_mask(where, features.shape[-1], margin_of(generator, layer))
        score = unusual_response(features[0], weight[0], usual.mean, usual.std)
        if self.by == "rarity":
            # Many units may be as rare: among these the response decides.
            score = rarity(features[0], weight[0], usual.peaks) + score / (1e3 * score.max())
        units = tuple(score.argsort(descending=True, stable=True)[: self.units].tolist())
        return Pull(layer, units, usual.mean[list(units)], where)


@dataclass(frozen=True)
class _Usual:
    """What units of a layer do in random samples: mean and deviation (C,), peaks (N, C)."""

    mean: Tensor
    std: Tensor
    peaks: Tensor


_known: WeakKeyDictionary[Generator, dict[tuple[str, int], _Usual]] = WeakKeyDictionary()
"""What is usual, as long as the generator lives: the film and the picture ask for it."""


def _usual(generator: Generator, layer: str, samples: int) -> _Usual:
    known = _known.setdefault(generator, {})
    if (layer, samples) not in known:
        known[layer, samples] = _sampled(generator, layer, samples)
    return known[layer, samples]


def _sampled(generator: Generator, layer: str, samples: int) -> _Usual:
    import torch

    rng = torch.Generator().manual_seed(0)
    means, sums, peaks = [], [], []
    for w in generator.sample_w(samples, rng):
        rows, noise = generator.broadcast(w[None]), generator.sample_noise(1, rng)
        features = generator.activations(rows, noise, [layer])[layer].features[0].flatten(1)
        means.append(features.mean(1))
        # In double precision: the variance is a difference of these, small beside them.
        wide = features.double()
        sums.append(torch.stack([wide.mean(1), wide.square().mean(1)]))
        peaks.append(features.amax(1))
    first, second = torch.stack(sums).mean(0)
    deviation = (second - first.square()).clamp_min(0).sqrt().float()
    return _Usual(torch.stack(means).mean(0), deviation, torch.stack(peaks))
