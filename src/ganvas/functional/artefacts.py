"""Units that answer as they rarely do: what draws an artefact, seen in one layer.

Source: Bau et al. 2019, *GAN Dissection*, section 4.3, who ablate units that draw artefacts.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

STILL = 1e-6
"""A deviation below so much of the mean is that of rounding to float32."""


def unusual_response(
    features: Float[Tensor, "C h w"],
    weight: Float[Tensor, "1 h w"],
    mean: Float[Tensor, " C"],
    std: Float[Tensor, " C"],
) -> Float[Tensor, " C"]:
    """Return how far each unit's mean under a mask lies from its usual one, in usual deviations.

    |Σ M u / Σ M − mean| / std, at least 0. Of a unit that does not vary but for rounding nothing is
    usual or not: its deviation counts as a millionth of its mean.

    Args:
        features: u, of one picture.
        weight: M, in [0, 1], not 0 everywhere.
        mean: Mean of each unit over positions and samples.
        std: Its standard deviation over the same.
    """
    inside = (features * weight).sum((1, 2)) / weight.sum().clamp_min(1e-12)
    return (inside - mean).abs() / std.maximum(STILL * mean.abs()).clamp_min(1e-12)


def rarity(
    features: Float[Tensor, "C h w"],
    weight: Float[Tensor, "1 h w"],
    peaks: Float[Tensor, "N C"],
) -> Float[Tensor, " C"]:
    """Return the share of samples in which a unit never gets as high as here, in [0, 1].

    Args:
        features: The units of one picture.
        weight: Where to look: the positions above 0.
        peaks: Highest value of each unit in each of N samples.
    """
    looked = torch.where(weight > 0, features, -torch.inf)
    return (peaks < looked.amax((1, 2))).double().mean(0).float()
