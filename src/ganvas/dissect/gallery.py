"""Pictures of units: samples that show a concept, lit where the unit is active."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ganvas.dissect.dissection import Dissection
from ganvas.dissect.effect import SHOWN
from ganvas.dissect.source import Drawing, draw
from ganvas.dissect.survey import Survey, inside

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

CELL = 128
COLUMNS = 5
UNITS = 4
DIMMED = 0.45


@dataclass(frozen=True)
class Strip:
    """Pictures of one unit, side by side.

    Attributes:
        concept: The concept.
        layer: The layer.
        unit: The unit.
        picture: The strip.
    """

    concept: str
    layer: str
    unit: int
    picture: Image.Image


def strips(survey: Survey, dissection: Dissection, pixels: Tensor) -> Iterator[Strip]:
    """Draw the best units of each concept at each layer.

    Args:
        survey: What was counted.
        dissection: What came out.
        pixels: (N, K) pixels of each concept in each picture.
    """
    from ganvas.image.sheet import strip

    chosen = {
        concept: (pixels[:, row] >= SHOWN).nonzero()[:COLUMNS, 0].tolist()
        for row, concept in enumerate(dissection.concepts)
    }
    drawings = {
        index: _drawn(survey, index) for index in sorted({i for c in chosen.values() for i in c})
    }
    for row, concept in enumerate(dissection.concepts):
        if not chosen[concept]:
            continue
        for layer, parts in dissection.layers.items():
            margin = survey.generator.layers[survey.generator.layer_index(layer)].margin
            order = parts.iou[row].argsort(descending=True, stable=True)[:UNITS].tolist()
            for unit in order:
                pictures = [
                    lit(drawings[i], layer, unit, float(parts.threshold[row, unit]), margin)
                    for i in chosen[concept]
                ]
                yield Strip(concept, layer, unit, strip(pictures, CELL))


def _drawn(survey: Survey, index: int) -> Drawing:
    from ganvas.functional.images import resize

    one = draw(survey.source.take(survey.generator, [index]), survey.generator, survey.layers)
    # Small, so that many fit into memory.
    size = min(CELL, one.pictures.shape[-1])
    return Drawing(one.names, resize(one.pictures, size), one.features, one.styles)


def lit(drawing: Drawing, layer: str, unit: int, threshold: float, margin: int) -> Image.Image:
    """Return the picture, dimmed where a unit is not above its threshold."""
    import torch.nn.functional as F

    from ganvas.image.picture import to_picture

    features = inside(drawing.features[layer], margin)[:, unit : unit + 1].float()
    size = drawing.pictures.shape[-1]
    active = (F.interpolate(features, (size, size)) > threshold).float()
    light = DIMMED + (1 - DIMMED) * active
    return to_picture((((drawing.pictures.clamp(-1, 1) + 1) * light) - 1)[0])


def by_concept(drawn: Iterator[Strip]) -> Mapping[str, Mapping[str, list[tuple[int, Image.Image]]]]:
    """Sort strips by concept and layer."""
    sorted_strips: dict[str, dict[str, list[tuple[int, Image.Image]]]] = {}
    for one in drawn:
        layers = sorted_strips.setdefault(one.concept, {})
        layers.setdefault(one.layer, []).append((one.unit, one.picture))
    return sorted_strips
