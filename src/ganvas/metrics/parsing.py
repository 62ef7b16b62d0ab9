"""Whether the parts of a face are where they should be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from ganvas.errors import ConfigError
from ganvas.mask.face import GROUPS
from ganvas.metrics.context import Context
from ganvas.metrics.metric import Direction
from ganvas.metrics.rendered import RenderedMetric

if TYPE_CHECKING:
    import torch
    from jaxtyping import Float, Integer
    from torch import Tensor

Part = Literal["eyes", "brows", "nose", "mouth"]

PARTS: dict[Part, tuple[str, ...]] = {
    "eyes": GROUPS["eyes"],
    "brows": GROUPS["brows"],
    "nose": ("nose",),
    "mouth": ("mouth", *GROUPS["lips"]),
}
"""The classes of each part."""


@dataclass(frozen=True)
class ParsingIoU(RenderedMetric):
    """Intersection over union of parts of the face, found by BiSeNet; their mean.

    Attributes:
        parts: Which ones: eyes (with glasses), brows, nose, mouth (with the lips).
    """

    direction: ClassVar[Direction] = "higher"

    parts: tuple[Part, ...] = ("eyes", "brows", "nose", "mouth")

    def __post_init__(self) -> None:
        if not self.parts:
            raise ConfigError("parts must name at least one, such as eyes")

    def load(self, device: torch.device) -> None:
        """Load BiSeNet."""
        from ganvas.network.bisenet import face_parser

        face_parser(str(device))

    def measure(self, context: Context) -> Float[Tensor, " B"] | None:
        """Compare the parts of the render with those of its photograph."""
        import torch

        from ganvas.network.bisenet import CLASSES, face_classes

        made = context.features(face_classes, self.render)
        wanted = context.features(face_classes, context.stands_for(self.render))
        if made is None or wanted is None:
            return None
        each = [overlap(made, wanted, [CLASSES.index(c) for c in PARTS[p]]) for p in self.parts]
        return torch.stack(each).nanmean(0)

    def compared(self, resolution: int) -> str:
        """State network, resolution and parts."""
        return f"intersection over union of BiSeNet's {', '.join(self.parts)}, at 512²; mean"


def overlap(
    first: Integer[Tensor, "B H W"], second: Integer[Tensor, "B H W"], classes: Sequence[int]
) -> Float[Tensor, " B"]:
    """Return the intersection over union (B,) of some classes in maps (B, H, W) of classes.

    NaN where neither map has any of them.
    """
    import torch

    some = torch.tensor(classes, device=first.device)
    a, b = torch.isin(first, some), torch.isin(second, some)
    return (a & b).sum((1, 2)) / (a | b).sum((1, 2))
