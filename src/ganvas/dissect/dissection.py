"""What a dissection knows: which units of a layer, and which styles, go with which concept."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ganvas.dissect.concepts import require_concept
from ganvas.errors import ConfigError, InputError
from ganvas.system.tensors import read_as, write_tensors

if TYPE_CHECKING:
    from torch import Tensor

    from ganvas.generator.base import Generator

FORMAT = "ganvas-dissection-2"
FILE = "dissection.safetensors"

UnitRanking = Literal["iou", "alpha", "greedy"]
"""What makes units good: agreement, optimised α or a greedy choice."""

StyleRanking = Literal["correlation", "gradient"]
"""What makes styles good: their correlation with the concept's area, or its change with them."""

Ranking = UnitRanking | StyleRanking

NO_UNIT = {
    "iou": "the samples do not show it",
    "alpha": "α is not optimised",
    "greedy": "none was chosen greedily",
    "correlation": "the samples do not show it",
    "gradient": "gradients were not measured; effect.rankings=[gradient] does",
}


@dataclass(frozen=True)
class Units:
    """The units of one layer, for K concepts and U units.

    Attributes:
        iou: (K, U) intersection over union, in [0, 1].
        fresh: (K, U) the same over odd samples, with thresholds that even samples chose.
        quality: (K, U) information quality ratio at the threshold, in [0, 1].
        threshold: (K, U) above which value the unit counts as active.
        on: (K, U) mean of the unit over the concept's pixels: what inserts it.
        off: (U,) a low quantile of the unit: what ablates it.
        alpha: (K, U) optimised share of the change, in [0, 1]; zeros where it was not optimised.
        greedy: (K, U) rank of a greedy choice, from 1 down to 0; zeros where none was made.
    """

    iou: Tensor
    fresh: Tensor
    quality: Tensor
    threshold: Tensor
    on: Tensor
    off: Tensor
    alpha: Tensor
    greedy: Tensor


@dataclass(frozen=True)
class Dissection:
    """Which unit draws which concept.

    Attributes:
        concepts: K names.
        layers: The units of each layer by its name.
        generator_hash: SHA-256 of the generator's weights.
        samples: How many pictures were counted.
        share: (K,) share of all pixels.
        present: (K,) in how many pictures the concept has a thousandth of the pixels.
        styles: (K, S) correlation of each style with the concept's area, in [−1, 1].
        style_mean: (S,) mean of each style over the samples.
        style_std: (S,) its standard deviation.
        style_effect: (K, S) relative change of the concept's area with each style, per standard
            deviation; zeros where it was not measured.
        widths: How many styles each affine layer has, in order.
    """

    concepts: tuple[str, ...]
    layers: dict[str, Units]
    generator_hash: str
    samples: int
    share: Tensor
    present: Tensor
    styles: Tensor
    style_mean: Tensor
    style_std: Tensor
    style_effect: Tensor
    widths: tuple[int, ...]

    def units(self, layer: str) -> Units:
        """Return the units of a layer.

        Raises:
            ConfigError: The layer was not dissected.
        """
        if layer not in self.layers:
            known = ", ".join(self.layers)
            raise ConfigError(f"layer {layer} has no units: the dissection is of {known}")
        return self.layers[layer]

    def best(
        self, concept: str, layer: str, count: int, ranking: UnitRanking = "iou"
    ) -> tuple[int, ...]:
        """Return the `count` units of a layer that go with a concept best, the best first.

        Args:
            concept: The concept.
            layer: The layer.
            count: How many.
            ranking: What makes a unit good.

        Raises:
            ConfigError: The concept or layer was not dissected, or has no unit of that ranking.
        """
        row = require_concept(concept, self.concepts)
        score = getattr(self.units(layer), ranking)[row]
        if not bool((score > 0).any()):
            raise ConfigError(f"layer {layer} has no unit for '{concept}': {NO_UNIT[ranking]}")
        order = score.argsort(descending=True, stable=True)[:count]
        return tuple(order[score[order] > 0].tolist())

    def has_alpha(self, concept: str, layer: str) -> bool:
        """Return whether α of a concept is optimised at a layer.

        Raises:
            ConfigError: The concept or layer was not dissected.
        """
        row = require_concept(concept, self.concepts)
        return bool((self.units(layer).alpha[row] > 0).any())

    def best_styles(
        self, concept: str, count: int, ranking: StyleRanking
    ) -> tuple[tuple[int, ...], Tensor]:
        """Return the `count` styles that go with a concept best, and where each of them goes.

        Returns:
            Indices among all styles side by side, and the signs (S,) of the sides to which the
            concept grows.

        Raises:
            ConfigError: The concept was not dissected, or the effect of styles was not measured.
        """
        row = require_concept(concept, self.concepts)
        score = self.styles[row] if ranking == "correlation" else self.style_effect[row]
        if not bool((score != 0).any()):
            raise ConfigError(f"no style for '{concept}': {NO_UNIT[ranking]}")
        best = score.abs().argsort(descending=True, stable=True)[:count]
        return tuple(best.tolist()), score.sign()

    def moved_styles(self, units: Sequence[int], direction: Tensor, deviations: float) -> Tensor:
        """Return styles (K,) that lie some standard deviations from their means.

        Args:
            units: Which styles.
            direction: (S,) whose signs say to which side.
            deviations: How far; below 0: to the other side.

        Source: Wu et al. 2021, *StyleSpace Analysis*, who move channels by their deviation.
        """
        index = list(units)
        step = deviations * self.style_std[index]
        return self.style_mean[index] + direction[index] * step

    def with_scores(self, concept: str, layer: str, part: Ranking, scores: Tensor) -> Dissection:
        """Return the dissection with what was optimised or measured of one concept.

        Args:
            concept: The concept.
            layer: The layer of the units.
            part: alpha or greedy, with scores (U,) of units; gradient, with those (S,) of styles.
            scores: The scores.
        """
        if part == "gradient":
            effects = self.style_effect.clone()
            effects[require_concept(concept, self.concepts)] = scores
            return replace(self, style_effect=effects)
        units = self.layers[layer]
        rows = getattr(units, part).clone()
        rows[require_concept(concept, self.concepts)] = scores
        return replace(self, layers={**self.layers, layer: replace(units, **{part: rows})})

    def require_generator(self, generator: Generator) -> None:
        """Refuse another generator than the one that was dissected.

        Raises:
            InputError: Its weights differ.
        """
        if generator.base.source_hash != self.generator_hash:
            raise InputError(
                f"the dissection is of another generator, with weights {self.generator_hash[:12]}…;"
                f" those of {generator.name} are {generator.base.source_hash[:12]}…"
            )

    def save(self, path: Path) -> None:
        """Write one safetensors file; equal dissections give equal bytes.

        Raises:
            StorageError: It cannot be written.
        """
        tensors = {"share": self.share, "present": self.present, "styles": self.styles}
        tensors |= {"style_mean": self.style_mean, "style_std": self.style_std}
        tensors["style_effect"] = self.style_effect
        for name, units in self.layers.items():
            tensors |= {f"{part}.{name}": value for part, value in vars(units).items()}
        metadata = {
            "format": FORMAT,
            "concepts": json.dumps(self.concepts),
            "layers": json.dumps(list(self.layers)),
            "generator_hash": self.generator_hash,
            "samples": str(self.samples),
            "widths": json.dumps(self.widths),
        }
        write_tensors(path, tensors, metadata)

    @classmethod
    def load(cls, path: Path) -> Dissection:
        """Read a file that `save` wrote, or the one in a folder; nothing is executed.

        Raises:
            InputError: There is none, or it is none.
        """
        path = path / FILE if path.is_dir() else path
        return read_as("dissection", path, (FORMAT,), _restored)


def _restored(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> Dissection:
    concepts = tuple(map(str, json.loads(metadata["concepts"])))
    layers = {}
    for name in map(str, json.loads(metadata["layers"])):
        parts = {part: tensors[f"{part}.{name}"] for part in Units.__annotations__}
        shape = len(concepts), len(parts["off"])
        for part, tensor in parts.items():
            if part != "off" and tuple(tensor.shape) != shape:
                raise ValueError(f"'{part}.{name[:60]}' has the shape {tuple(tensor.shape)}")
            if not tensor.is_floating_point() or not bool(tensor.isfinite().all()):
                raise ValueError(f"'{part}.{name[:60]}' holds no finite numbers")
        layers[name] = Units(**parts)
    widths: list[Any] = json.loads(metadata["widths"])
    return Dissection(
        concepts=concepts,
        layers=layers,
        generator_hash=metadata["generator_hash"],
        samples=int(metadata["samples"]),
        share=tensors["share"],
        present=tensors["present"],
        styles=tensors["styles"],
        style_mean=tensors["style_mean"],
        style_std=tensors["style_std"],
        style_effect=tensors["style_effect"],
        widths=tuple(map(int, widths)),
    )
