"""What units cause: ablate or insert them, and count the pixels of every concept again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from ganvas.dissect.alpha import Alpha
from ganvas.dissect.concepts import SIDE, Segment
from ganvas.dissect.dissection import Dissection, Ranking
from ganvas.dissect.greedy import Greedy
from ganvas.dissect.intervention import Intervention
from ganvas.dissect.source import Drawing, draw
from ganvas.dissect.survey import batches
from ganvas.errors import ConfigError

if TYPE_CHECKING:
    from torch import Tensor

    from ganvas.embedding import Embedding
    from ganvas.generator.base import Generator

SHOWN = SIDE**2 / 1000
"""A picture shows a concept that has as many pixels."""


@dataclass(frozen=True)
class Effect:
    """How the effect is measured: sets of units against random sets of the same size.

    Attributes:
        rankings: What chooses the units, side by side: agreement with the concept (iou), optimised
            α (alpha), one after the other (greedy); and styles by their correlation with the
            concept's area (correlation), or by the change that they cause (gradient).
        units: How many of a concept's best units are changed together.
        samples: Pictures that show the concept.
        random: Random sets of as many units.
        concepts: Which concepts; null: all that are shown often enough.
        layer: A layer or resolution; null: of each concept the layer whose best units agree best.
        seed: Seed of the random sets.
        alpha: How α is optimised.
        greedy: How units are chosen one after the other.
    """

    rankings: tuple[Ranking, ...] = ("iou",)
    units: Annotated[int, Field(ge=1)] = 20
    samples: Annotated[int, Field(ge=2)] = 8
    random: Annotated[int, Field(ge=1)] = 2
    concepts: tuple[str, ...] | None = None
    layer: int | str | None = None
    seed: Annotated[int, Field(ge=0)] = 0
    alpha: Alpha = field(default_factory=Alpha)
    greedy: Greedy = field(default_factory=Greedy)

    def __post_init__(self) -> None:
        if not self.rankings:
            raise ConfigError("effect.rankings: at least one is needed")

    def choosers(self, ranking: Ranking) -> int:
        """Return how many pictures choose units by gradients for a ranking; 0: none do."""
        if ranking == "alpha":
            return self.alpha.pictures
        return self.greedy.pictures if ranking in ("greedy", "gradient") else 0

    @property
    def reserved(self) -> int:
        """How many pictures choose units, and are not measured on; 0: no gradients are needed."""
        return max(self.choosers(ranking) for ranking in self.rankings)


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
    """The effect of a concept's units at one layer, or of its styles.

    Attributes:
        concept: The concept.
        layer: The layer; "S" of styles.
        ranking: What ranked the units.
        units: Their indices; of styles, among all styles side by side.
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

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> Caused:
        """Return what `as_json` made plain values of."""
        parts = {
            name: Measured(**{part: Share(**share) for part, share in values[name].items()})
            for name in ("best", "chance")
        }
        return cls(**{**values, **parts, "units": tuple(values["units"])})


def measure(
    generator: Generator,
    segment: Segment,
    pictures: Embedding,
    row: int,
    interventions: Sequence[Intervention],
    batch: int = 1,
) -> tuple[Measured, Measured]:
    """Measure what the first of some interventions causes, and what the others do on average.

    Args:
        generator: The generator.
        segment: From pictures to the masks of K concepts.
        pictures: Pictures that show the concept.
        row: Which of the concepts it is.
        interventions: The best units first, then random ones.
        batch: Pictures that are drawn together.
    """
    import torch

    tables: list[list[Tensor]] = [[] for _ in interventions]
    for indices in batches(range(len(pictures)), batch):
        part = pictures.take(indices)
        before = _masks(draw(part, generator), segment)
        for intervention, table in zip(interventions, tables, strict=True):
            without = _masks(intervention.draw(part, generator), segment)
            having = _masks(intervention.draw(part, generator, insert=True), segment)
            table.append(_pixels(before, without, having, row))
    joined = [torch.cat(table).cpu() for table in tables]
    # Random sets are averaged picture by picture, so that the interval is over pictures, too.
    chance = torch.stack(joined[1:]).double().mean(0)
    return _measured(joined[0]), _measured(chance)


def _masks(drawing: Drawing, segment: Segment) -> Tensor:
    return segment(drawing.pictures, drawing.names)


def _pixels(before: Tensor, without: Tensor, having: Tensor, row: int) -> Tensor:
    """Return (B, 5) pixels: of the concept before and after, others, changed others, new ones."""
    import torch

    other = ~before[:, row]
    changed = other & (before != without).any(1)
    counts = (before[:, row], without[:, row], other, changed, other & having[:, row])
    return torch.stack([mask.flatten(1).sum(1) for mask in counts], 1)


def _measured(table: Tensor) -> Measured:
    from scipy.special import stdtrit

    from ganvas.functional.bootstrap import expanded_tail
    from ganvas.functional.dissection import bootstrap_ratio

    before, after, other, changed, new = table.double().T
    tail = expanded_tail(len(table), float(stdtrit(len(table) - 1, 0.975)))
    left, low, high = bootstrap_ratio(after, before, tail)
    return Measured(
        removed=Share(1 - left, 1 - high, 1 - low),
        others=Share(*bootstrap_ratio(changed, other, tail)),
        added=Share(*bootstrap_ratio(new, other, tail)),
    )


def best_layer(dissection: Dissection, concept: str, units: int) -> str:
    """Return the layer whose best units agree with a concept best, by their mean IoU."""
    row = dissection.concepts.index(concept)

    def mean(layer: str) -> float:
        score = dissection.layers[layer].iou[row]
        return float(score.topk(min(units, len(score))).values.mean())

    return max(dissection.layers, key=mean)


def showing(pixels: Tensor, count: int) -> list[int]:
    """Return the first `count` pictures that show a concept of `pixels` (N,) in each picture."""
    return (pixels >= SHOWN).nonzero()[:count, 0].tolist()


def lacking(pixels: Tensor, count: int, measured: Collection[int]) -> list[int]:
    """Return the `count` pictures with the fewest `pixels` (N,) of a concept, of all but some.

    Where nearly all pictures show it, those would be among the ones that an effect is measured on.
    """
    order: list[int] = pixels.argsort(stable=True).tolist()
    return [index for index in order if index not in measured][:count]
