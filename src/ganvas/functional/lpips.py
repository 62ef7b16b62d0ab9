"""The arithmetic of LPIPS on given features.

Source: Zhang et al. 2018, equation 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F


def unit_features(
    features: Float[Tensor, "B C h w"], eps: float = 1e-10
) -> Float[Tensor, "B C h w"]:
    """Scale the vector of channels at each position of (B, C, h, w) to length one.

    Where all channels are zero the value is zero. The gradient there is that of the result over
    `eps`, of which the ReLU that has made them zero lets nothing through.
    """
    norm: Tensor = torch.linalg.vector_norm(features, dim=1, keepdim=True)
    return features / (norm + eps)


def feature_maps(
    features: Sequence[Float[Tensor, "B _ _ _"]],
    targets: Sequence[Float[Tensor, "#B _ _ _"]],
    heads: Sequence[Float[Tensor, "1 _ 1 1"]],
) -> list[Float[Tensor, "B 1 _ _"]]:
    """Weigh the squared differences of unit features by each layer's head.

    Args:
        features: Unit features (B, C, h, w) of each layer.
        targets: Those of the target, of the same shapes.
        heads: The weights (1, C, 1, 1) of each layer, not negative.

    Returns:
        (B, 1, h, w) of each layer.
    """
    layers = zip(features, targets, heads, strict=True)
    return [F.conv2d((a - b).square(), head) for a, b, head in layers]
