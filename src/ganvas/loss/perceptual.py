"""Terms on the features of VGG16: perceptual and style."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from ganvas.loss.term import BoundTerm, Reference, Term, View

if TYPE_CHECKING:
    import torch
    from jaxtyping import Float
    from torch import Tensor

VGGLayer = Literal[
    "conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2", "conv3_3",
    "conv4_1", "conv4_2", "conv4_3", "conv5_1", "conv5_2", "conv5_3",
]  # fmt: skip
SMALLEST = 32
"""Height and width below which little or nothing is left of a network's deepest features."""

Resolution = Annotated[int, Field(ge=SMALLEST)]


@dataclass(frozen=True)
class Perceptual(Term):
    """Squared distance of VGG16 features after the ReLU, each layer divided by its scalars.

    The mask is shrunk onto each feature map and multiplied onto both. Abdal et al. 2020, section 3.

    Attributes:
        layers: VGG16's layers. Image2StyleGAN++ takes conv1_1, conv1_2, conv2_2, conv3_3;
            Image2StyleGAN took conv1_1, conv1_2, conv3_2, conv4_2.
        resolution: Height and width at which VGG16 sees images; null: the generator's.
        span: Width of the images' range that the weight belongs to: 2 for [−1, 1], 255 for 8 bits.
    """

    applies_mask: ClassVar[bool] = True
    needs_pixels: ClassVar[int] = SMALLEST

    layers: tuple[VGGLayer, ...] = ("conv1_1", "conv1_2", "conv2_2", "conv3_3")
    resolution: Resolution | None = 256
    span: Annotated[float, Field(gt=0)] = 2.0

    def bind(self, reference: Reference) -> BoundTerm:
        """Compute the target's features once."""
        import torch

        from ganvas.functional.features import feature_distance, masked_features
        from ganvas.network.vgg import vgg16

        network = vgg16(str(reference.target.device))
        mask = reference.mask_at(self.resolution)
        with torch.no_grad():
            features = network(reference.target_at(self.resolution), self.layers)
            targets = masked_features(features, mask)
        scale = (self.span / 2) ** 2

        def perceptual(view: View) -> Float[Tensor, " B"]:
            features = network(view.at(self.resolution), self.layers)
            return scale * feature_distance(masked_features(features, mask), targets)

        return perceptual

    def load(self, device: torch.device) -> None:
        """Load VGG16."""
        from ganvas.network.vgg import vgg16

        vgg16(str(device))


@dataclass(frozen=True)
class Style(Term):
    """Squared difference of Gram matrices of masked VGG16 features, averaged over their entries.

    Each Gram matrix is divided by the mask's area. Abdal et al. 2020 take conv3_3 alone; the
    normalisation is not printed there.

    Attributes:
        layers: VGG16's layers.
        resolution: Height and width at which VGG16 sees images; null: the generator's.
        span: Width of the images' range that the weight belongs to: 2 for [−1, 1], 255 for 8 bits.
    """

    applies_mask: ClassVar[bool] = True
    needs_pixels: ClassVar[int] = SMALLEST

    layers: tuple[VGGLayer, ...] = ("conv3_3",)
    resolution: Resolution | None = 256
    span: Annotated[float, Field(gt=0)] = 2.0

    def bind(self, reference: Reference) -> BoundTerm:
        """Compute the target's Gram matrices once, under the same mask."""
        import torch

        from ganvas.functional.features import gram, mask_at, style_distance
        from ganvas.network.vgg import vgg16

        network = vgg16(str(reference.target.device))
        mask = reference.mask_at(self.resolution)

        def grams(images: Tensor) -> list[Tensor]:
            maps = network(images, self.layers).values()
            return [gram(m, None if mask is None else mask_at(mask, m)) for m in maps]

        with torch.no_grad():
            targets = grams(reference.target_at(self.resolution))
        # A Gram matrix is quadratic in the features, its squared difference of fourth order.
        scale = (self.span / 2) ** 4

        def style(view: View) -> Float[Tensor, " B"]:
            pairs = zip(grams(view.at(self.resolution)), targets, strict=True)
            return scale * torch.stack([style_distance(a, b) for a, b in pairs]).sum(0)

        return style

    def load(self, device: torch.device) -> None:
        """Load VGG16."""
        from ganvas.network.vgg import vgg16

        vgg16(str(device))
