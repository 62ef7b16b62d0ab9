"""What a network is trained for: the exact latent, the picture, and rows that stay together.

Sources: the sum of pixels, LPIPS and identity is Richardson et al. 2021, *Encoding in Style*; the
penalty on differences between rows is Tov et al. 2021, *Designing an Encoder for StyleGAN Image
Manipulation*; the divergence is Kingma and Welling 2013, *Auto-Encoding Variational Bayes*.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

if TYPE_CHECKING:
    import torch
    from jaxtyping import Float
    from torch import Tensor

Weight = Annotated[float, Field(ge=0)]
Side = Annotated[int, Field(ge=16, le=1024)]


@dataclass(frozen=True)
class Objective:
    """The weights of the losses; each loss is a mean over what it compares.

    Attributes:
        latent: Squared distance from the exact w+ in whitened coordinates: of samples alone.
        mse: Squared difference of the pictures.
        lpips: LPIPS with VGG16.
        identity: 1 − cosine similarity of ArcFace's vectors of FFHQ-aligned faces.
        spread: Squared differences of the rows from what is common to them, whitened.
        resolution: Height and width at which pictures are compared; never larger than they are.
        floor: In the whitened coordinates no direction of w counts as less varied than so many
            times the variance of the most varied one.
    """

    latent: Weight = 3.0
    mse: Weight = 1.0
    lpips: Weight = 0.0
    identity: Weight = 0.0
    spread: Weight = 0.02
    resolution: Side = 256
    floor: Annotated[float, Field(gt=0, le=1)] = 0.02

    @property
    def needs_renders(self) -> bool:
        """Whether a loss looks at pictures."""
        return self.mse + self.lpips + self.identity > 0

    def load(self, device: torch.device) -> None:
        """Load the networks that the losses need, so that a missing one is named before any work.

        Raises:
            AssetError: The weights of one cannot be had.
        """
        if self.lpips:
            from ganvas.network.lpips import perceptual_distance

            perceptual_distance("vgg", str(device))
        if self.identity:
            from ganvas.network.arcface import arcface

            arcface(str(device))

    def pictures(
        self, renders: Float[Tensor, "B 3 r r"], targets: Float[Tensor, "B 3 r r"]
    ) -> dict[str, Tensor]:
        """Return the losses of renders that look at pictures: scalars by name, not weighted."""
        from ganvas.functional.images import resize

        size = min(self.resolution, targets.shape[-1])
        renders, targets = resize(renders, size), resize(targets, size)
        losses = {}
        if self.mse:
            losses["mse"] = (renders - targets).square().mean()
        if self.lpips:
            losses["lpips"] = perceptual(renders, targets).mean()
        if self.identity:
            losses["identity"] = (1 - similarity(renders, targets)).mean()
        return losses


def perceptual(
    renders: Float[Tensor, "B 3 r r"], targets: Float[Tensor, "B 3 r r"]
) -> Float[Tensor, " B"]:
    """Return LPIPS with VGG16 (B,); in bfloat16 where autocast is on."""
    import torch

    from ganvas.network.lpips import perceptual_distance

    device = renders.device
    reduced = torch.is_autocast_enabled(device.type)
    distance = perceptual_distance("vgg", str(device), "bfloat16" if reduced else "float32")
    return distance(renders.float(), distance.reference(targets))  # type: ignore[no-any-return]


def similarity(
    renders: Float[Tensor, "B 3 r r"], targets: Float[Tensor, "B 3 r r"]
) -> Float[Tensor, " B"]:
    """Return the cosine similarity (B,) of ArcFace's vectors of FFHQ-aligned faces."""
    import torch

    from ganvas.network.arcface import identity_features

    with torch.no_grad():
        wanted = identity_features(targets).float()
    return (identity_features(renders).float() * wanted).sum(1)


def divergence(mean: Float[Tensor, "B D"], log_variance: Float[Tensor, "B D"]) -> Float[Tensor, ""]:
    """Return the mean of KL(N(μ, σ²) ‖ N(0, 1)) per coordinate. Kingma and Welling 2013, app. B."""
    return (mean.square() + log_variance.exp() - 1 - log_variance).mean() / 2
