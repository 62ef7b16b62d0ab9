"""The LPIPS term."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from ganvas.loss.perceptual import SMALLEST, Resolution
from ganvas.loss.term import BoundTerm, Reference, Term, View

if TYPE_CHECKING:
    import torch
    from jaxtyping import Float
    from torch import Tensor


@dataclass(frozen=True)
class LPIPS(Term):
    """Learned perceptual similarity, version 0.1, of images in [−1, 1]. Zhang et al. 2018.

    Under a mask the distance map of each layer is averaged over the masked region alone.

    Attributes:
        net: Features: VGG16 or AlexNet.
        resolution: Height and width at which images are compared; null: the generator's.
    """

    applies_mask: ClassVar[bool] = True
    needs_pixels: ClassVar[int] = SMALLEST

    net: Literal["vgg", "alex"] = "vgg"
    resolution: Resolution | None = 256

    def bind(self, reference: Reference) -> BoundTerm:
        """Compute the target's features once."""
        from ganvas.network.lpips import perceptual_distance

        target = reference.target_at(self.resolution)
        mask = reference.mask_at(self.resolution)
        distance = perceptual_distance(self.net, str(target.device))
        features = distance.reference(target)

        def lpips(view: View) -> Float[Tensor, " B"]:
            return distance.forward(view.at(self.resolution), features, mask)

        return lpips

    def load(self, device: torch.device) -> None:
        """Load the network."""
        from ganvas.network.lpips import perceptual_distance

        perceptual_distance(self.net, str(device))
