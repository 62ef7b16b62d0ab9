"""What keeps images, noise maps and latents plausible, without a target."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F


def total_variation(
    images: Float[Tensor, "B C H W"], mask: Float[Tensor, "#B 1 H W"] | None = None
) -> Float[Tensor, " B"]:
    """Anisotropic total variation per image (B,): mean |∂x| + |∂y| of (B, C, H, W).

    A difference counts with the mean of the mask (B, 1, H, W) at its two pixels.
    """
    dx = (images[..., :, 1:] - images[..., :, :-1]).abs()
    dy = (images[..., 1:, :] - images[..., :-1, :]).abs()
    if mask is not None:
        dx = dx * (mask[..., :, 1:] + mask[..., :, :-1]) / 2
        dy = dy * (mask[..., 1:, :] + mask[..., :-1, :]) / 2
    count = images[0].numel()
    return (dx.flatten(1).sum(1) + dy.flatten(1).sum(1)) / count


def noise_autocorrelation(
    noise: Sequence[Float[Tensor, "B 1 _ _"]], smallest: int = 8
) -> Float[Tensor, " B"]:
    """How much the noise maps resemble a picture, per image (B,).

    Over each map (B, 1, r, r) and its halvings down to `smallest`: the squares of the mean products
    of neighbours, to the right and below. Halving averages 2 × 2 pixels and doubles, which keeps
    white noise at unit variance. Source: Karras et al. 2020, appendix D.
    """
    total = noise[0].new_zeros(noise[0].shape[0])
    for maps in noise:
        level = maps
        while True:
            for axis in (2, 3):
                product = level * level.roll(1, axis)
                total = total + product.mean((1, 2, 3)).square()
            if level.shape[-1] <= smallest:
                break
            level = F.avg_pool2d(level, 2) * 2
    return total


@torch.no_grad()
def normalise_noise(noise: Iterable[Float[Tensor, "B 1 _ _"]]) -> None:
    """Give each noise map (B, 1, r, r) zero mean and unit variance, in place.

    Source: Karras et al. 2020, appendix D.
    """
    for maps in noise:
        maps -= maps.mean((1, 2, 3), keepdim=True)
        maps *= maps.square().mean((1, 2, 3), keepdim=True).clamp_min(1e-12).rsqrt()


@dataclass(frozen=True)
class Whitening:
    """A linear map under which a sample of latents has zero mean and unit covariance.

    Attributes:
        mean: (D,).
        matrix: (D, D); the whitened latent is (w − mean) @ matrix.
    """

    mean: Float[Tensor, " D"]
    matrix: Float[Tensor, "D D"]

    @classmethod
    def of(cls, samples: Float[Tensor, "N D"], ridge: float = 1e-4) -> Whitening:
        """Fit to samples (N, D); no variance counts as less than `ridge` × the largest.

        The floor keeps directions in which the samples hardly vary from ruling the distance.
        """
        centred = (samples - samples.mean(0)).double()
        variance, directions = torch.linalg.eigh(centred.T @ centred / (len(samples) - 1))
        floor = variance.max() * ridge
        scale = variance.clamp_min(floor).rsqrt()
        return cls(samples.mean(0), (directions * scale).to(samples.dtype))

    def distance(self, latents: Float[Tensor, "*batch D"]) -> Float[Tensor, "*batch"]:
        """Squared Mahalanobis distance divided by D, of (…, D): (…); 1 for samples on average."""
        return ((latents - self.mean) @ self.matrix).square().mean(-1)


def unrectified(w: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Undo the mapping network's last leaky ReLU (slope 0.2): w becomes nearly Gaussian.

    Source: the P space of Zhu et al. 2020, *Improved StyleGAN Embedding*.
    """
    return F.leaky_relu(w, 5.0)
