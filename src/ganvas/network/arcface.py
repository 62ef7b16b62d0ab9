"""Whose face it is: ArcFace features of a MobileFaceNet.

Source: Deng et al. 2019, *ArcFace*; the weights are those of the asset "insightface".
"""

from __future__ import annotations

from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from ganvas.functional.images import resize
from ganvas.network.onnx import OnnxNetwork

RESOLUTION = 112
CROP = (35 / 256, 223 / 256, 32 / 256, 220 / 256)
"""Top, bottom, left, right of the face in an FFHQ-aligned photo, in fractions of the image."""


def identity_features(images: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B features"]:
    """Return unit vectors (B, 512) for FFHQ-aligned faces (B, 3, H, W) in [−1, 1].

    Raises:
        AssetError: The weights cannot be had.
    """
    size = images.shape[-1]
    top, bottom, left, right = (round(edge * size) for edge in CROP)
    faces = resize(images[..., top:bottom, left:right], RESOLUTION)
    return F.normalize(arcface(str(images.device))(faces), dim=1)


@torch.no_grad()
def identities(images: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B features"]:
    """Return `identity_features` without gradient, image by image."""
    return torch.cat([identity_features(image[None]) for image in images])


@cache
def arcface(device: str = "cpu") -> OnnxNetwork:
    """Return the one network of this process and device.

    Raises:
        AssetError: The weights cannot be had.
    """
    from ganvas import assets

    return OnnxNetwork(assets.path("insightface") / "w600k_mbf.onnx").to(device)
