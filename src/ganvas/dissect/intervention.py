"""Interventions: units or styles that are moved to one value each, and pictures drawn with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ganvas.dissect.dissection import Dissection, Ranking
from ganvas.dissect.source import Drawing, draw

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from ganvas.embedding import Embedding
    from ganvas.generator.base import Activation, ActivationEdit, Generator

STYLES = "S"
"""What stands for the layer of an intervention on styles."""

DEVIATIONS = 2.0
"""How far from its mean a style moves, in standard deviations over samples."""


@dataclass(frozen=True)
class Intervention:
    """A set of units of one layer, or of styles, with the values that ablate and insert it.

    Attributes:
        layer: The layer's name; `STYLES` for channels of S space.
        units: K indices; of styles, among all styles side by side.
        off: (K,) where the units go when they are ablated.
        on: (K,) where they go when they are inserted.
    """

    layer: str
    units: tuple[int, ...]
    off: Tensor
    on: Tensor

    def draw(self, embedding: Embedding, generator: Generator, insert: bool = False) -> Drawing:
        """Draw the images (B) of an embedding with the units ablated, or inserted, everywhere."""
        values, index = self.on if insert else self.off, list(self.units)
        if self.layer != STYLES:
            return draw(embedding, generator, edits={self.layer: set_units(index, values)})

        def restyle(styles: Tensor) -> Tensor:
            changed = styles.clone()
            changed[:, index] = values.to(styles)
            return changed

        return draw(embedding, generator, restyle=restyle)


def set_units(units: list[int], values: Tensor) -> ActivationEdit:
    """Return the edit that sets units to values (K,) everywhere."""
    from ganvas.functional.activations import set_channels
    from ganvas.generator.base import Activation

    def edit(state: Activation) -> Activation:
        return Activation(set_channels(state.features, units, values), state.rgb)

    return edit


def of_units(
    dissection: Dissection, concept: str, layer: str, units: tuple[int, ...]
) -> Intervention:
    """Return the intervention on units of a layer: to their low quantile, or their mean inside."""
    parts, row = dissection.units(layer), dissection.concepts.index(concept)
    index = list(units)
    return Intervention(layer, units, parts.off[index], parts.on[row, index])


def of_styles(dissection: Dissection, direction: Tensor, units: tuple[int, ...]) -> Intervention:
    """Return the intervention on styles: `DEVIATIONS` to either side of their means.

    Args:
        dissection: What the styles' means and deviations are.
        direction: (S,) whose sign says to which side the concept grows.
        units: Which styles.
    """
    on, off = (dissection.moved_styles(units, direction, far) for far in (DEVIATIONS, -DEVIATIONS))
    return Intervention(STYLES, units, off, on)


def best_interventions(
    dissection: Dissection,
    concept: str,
    layer: str,
    count: int,
    ranking: Ranking,
    rng: torch.Generator,
    random: int,
) -> list[Intervention]:
    """Return the intervention on a concept's best units or styles, and then on random ones.

    Args:
        dissection: What ranks the units.
        concept: The concept.
        layer: Its layer, for rankings of units.
        count: How many units.
        ranking: What ranks; correlation and gradient rank styles.
        rng: What draws the random sets.
        random: How many of them there are.

    Raises:
        ConfigError: The layer has no unit for the concept.
    """
    import torch

    if ranking == "correlation" or ranking == "gradient":
        best, direction = dissection.best_styles(concept, count, ranking)
        total = len(direction)
    else:
        best, direction = dissection.best(concept, layer, count, ranking), None
        total = len(dissection.units(layer).off)
    others = [unit for unit in range(total) if unit not in set(best)]
    sets = [best]
    for _ in range(random):
        order = torch.randperm(len(others), generator=rng)[: len(best)].tolist()
        sets.append(tuple(others[i] for i in order))
    if direction is not None:
        return [of_styles(dissection, direction, units) for units in sets]
    return [of_units(dissection, concept, layer, units) for units in sets]
