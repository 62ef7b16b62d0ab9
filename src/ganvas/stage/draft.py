"""Which steps of a stage are taken on drafts: pictures that are cheaper than the generator's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

if TYPE_CHECKING:
    from ganvas.generator.base import Generator


@dataclass(frozen=True)
class Draft:
    """Early steps of a stage on drafts of its pictures, which cost less than the pictures do.

    A draft is a linear map of an early layer's features to RGB. It is fitted to what the generator
    draws of the very image, and again as the image moves. Generators of no more than the draft's
    resolution, and stages that change nothing before its layer, take all steps in full.

    Attributes:
        resolution: Height and width of a draft: it stops behind the last layer there.
        until: Fraction of the stage in which steps are taken on drafts.
        refit: Steps after which the head is fitted again.
    """

    resolution: Annotated[int, Field(ge=4)] = 256
    until: Annotated[float, Field(gt=0, lt=1)] = 0.6
    refit: Annotated[int, Field(ge=1)] = 3

    def layer(self, generator: Generator) -> str | None:
        """Return the layer that drafts stop behind; None: there is none before the last picture."""
        if generator.resolution <= self.resolution:
            return None
        names = [layer.name for layer in generator.layers if layer.resolution == self.resolution]
        return names[-1] if names else None
