"""What units cause: ablate or insert them, and count the pixels of every concept again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from ganvas.dissect.concepts import SIDE, Segment
from ganvas.dissect.dissection import Dissection, Ranking
from ganvas.dissect.source import Embedded, Samples, draw

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from ganvas.embedding import Embedding
    from ganvas.generator.base import Activation, ActivationEdit, Generator

SHOWN = SIDE**2 / 1000
"""A picture shows a concept that has as many pixels."""


@dataclass(frozen=True)
class Effect:
    """How the effect is measured: sets of units against random sets of the same size.

    Attributes:
        units: How many of a concept's best units are changed together.
        samples: Pictures that show the concept.
        random: Random sets of as many units.
        concepts: Which concepts; null: all that are shown often enough.
        layer: A layer or resolution; null: of each concept the layer whose best units agree best.
        seed: Seed of the random sets.
    """

    units: Annotated[int, Field(ge=1)] = 20
    samples: Annotated[int, Field(ge=2)] = 8
    random: Annotated[int, Field(ge=1)] = 2
    concepts: tuple[str, ...] | None = None
    layer: int | str | None = None
    seed: Annotated[int, Field(ge=0)] = 0


@dataclass(frozen=True)
class Share:
    """A share with its 95 % interval over pictures."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Measured:
    """What a set of units causes, or random ones of the same number do.

    Attributes:
        removed: Share of the concept's pixels that are gone when the units are ablated.
        others: Share of all other pixels that belong to other concepts then.
        added: Share of all other pixels that become the concept when the units are inserted.
    """

    removed: Share
    others: Share
    added: Share


@dataclass(frozen=True)
class Caused:
    """The effect of a concept's units at one layer.

    Attributes:
        concept: The concept.
        layer: The layer.
        ranking: What ranked the units.
        units: Their indices.
        pictures: On how many pictures it was measured.
        best: Their effect.
        chance: That of random units.
    """

    concept: str
    layer: str
    ranking: Ranking
    units: tuple[int, ...]
    pictures: int
    best: Measured
    chance: Measured

    def as_json(self) -> dict[str, Any]:
        """Return the figures as plain values."""
        import dataclasses

        return dataclasses.asdict(self)


def set_units(units: Sequence[int], values: Tensor, strength: float = 1.0) -> ActivationEdit:
    """Return the edit that moves units to values (K,) everywhere: (1 − s) u + s v."""
    import torch

    from ganvas.functional.activations import set_channels
    from ganvas.generator.base import Activation

    def edit(state: Activation) -> Activation:
        changed = set_channels(state.features, units, values.to(state.features))
        return Activation(torch.lerp(state.features, changed, strength), state.rgb)

    return edit


def measure(
    dissection: Dissection,
    generator: Generator,
    segment: Segment,
    pictures: Sequence[Embedding],
    concept: str,
    layer: str,
    effect: Effect,
    ranking: Ranking = "iou",
) -> Caused:
    """Measure what a concept's best units cause on pictures that show it.

    Raises:
        ConfigError: The layer has no unit for the concept.
    """
    import torch

    best = dissection.best(concept, layer, effect.units, ranking)
    row = dissection.concepts.index(concept)
    parts = dissection.units(layer)
    rng = torch.Generator().manual_seed(effect.seed)
    others = [unit for unit in range(len(parts.off)) if unit not in best]
    sets = [tuple(best)]
    for _ in range(effect.random):
        order = torch.randperm(len(others), generator=rng)[: len(best)].tolist()
        sets.append(tuple(others[i] for i in order))
    tables: list[list[Tensor]] = [[] for _ in sets]
    for embedding in pictures:
        before = _masks(embedding, generator, segment)
        for units, table in zip(sets, tables, strict=True):
            index = list(units)
            ablated = set_units(units, parts.off[index])
            inserted = set_units(units, parts.on[row, index])
            without = _masks(embedding, generator, segment, {layer: ablated})
            having = _masks(embedding, generator, segment, {layer: inserted})
            table.append(_pixels(before, without, having, row))
    # Random sets are averaged picture by picture, so that the interval is over pictures, too.
    chance = torch.stack([torch.stack(table) for table in tables[1:]]).double().mean(0)
    return Caused(
        concept, layer, ranking, best, len(pictures),
        _measured(torch.stack(tables[0])), _measured(chance),
    )  # fmt: skip


def _masks(
    embedding: Embedding,
    generator: Generator,
    segment: Segment,
    edits: dict[str, ActivationEdit] | None = None,
) -> Tensor:
    drawing = draw(embedding, generator, edits=edits)
    return segment(drawing.picture, drawing.name).cpu()


def _pixels(before: Tensor, without: Tensor, having: Tensor, row: int) -> Tensor:
    """Return (5,) pixels: of the concept before and after, others, changed others, new ones."""
    import torch

    other = ~before[row]
    changed = other & (before != without).any(0)
    counts = (before[row], without[row], other, changed, other & having[row])
    return torch.stack([mask.sum() for mask in counts])


def _measured(table: Tensor) -> Measured:
    from ganvas.functional.dissection import bootstrap_ratio

    before, after, other, changed, new = table.double().T
    left, low, high = bootstrap_ratio(after, before)
    return Measured(
        removed=Share(1 - left, 1 - high, 1 - low),
        others=Share(*bootstrap_ratio(changed, other)),
        added=Share(*bootstrap_ratio(new, other)),
    )


def best_layer(dissection: Dissection, concept: str, units: int) -> str:
    """Return the layer whose best units agree with a concept best, by their mean IoU."""
    row = dissection.concepts.index(concept)

    def mean(layer: str) -> float:
        score = dissection.layers[layer].iou[row]
        return float(score.topk(min(units, len(score))).values.mean())

    return max(dissection.layers, key=mean)


def showing(
    source: Samples | Embedded, generator: Generator, pixels: Tensor, count: int
) -> list[Embedding]:
    """Return the first `count` pictures of a source that show a concept.

    Args:
        source: Where the pictures come from.
        generator: The generator.
        pixels: (N,) the concept's pixels in each picture.
        count: How many.
    """
    shown = (pixels >= SHOWN).nonzero()[:count, 0].tolist()
    return [source.one(generator, index) for index in shown]


def device_of(generator: Generator) -> torch.device:
    """Return where a generator's weights are."""
    return generator.w_avg.device
