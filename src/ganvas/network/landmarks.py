"""Where the parts of a face are: 106 points.

The weights are those of the asset "insightface" (``2d106det``, a MobileNet on 192² pixels).
"""

from __future__ import annotations

from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from ganvas.functional.images import resize
from ganvas.network.onnx import OnnxNetwork

POINTS = 106
RESOLUTION = 192
SIDE = 166
PADDING = (13, 13, 3, 23)
"""The network wants the face's box, 1.5 times enlarged. Of an FFHQ-aligned photograph that is a
little more than all: SIDE pixels, with so many black ones to the left, right, top and bottom."""

EYES = (slice(33, 43), slice(87, 97))
"""The points of the eye on the picture's left, and of the one on its right."""


def landmarks(images: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B points 2"]:
    """Return the points (B, 106, 2) of FFHQ-aligned faces (B, 3, H, W) in [−1, 1].

    x and y are fractions of width and height from the top left corner.

    Raises:
        AssetError: The weights cannot be had.
    """
    faces = (resize(images, SIDE) + 1) * 127.5
    points: Tensor = landmark_network(str(images.device))(F.pad(faces, PADDING))
    pixels = (points.view(-1, POINTS, 2) + 1) * (RESOLUTION / 2)
    return (pixels - pixels.new_tensor([PADDING[0], PADDING[2]])) / SIDE


def eye_distance(points: Float[Tensor, "B points 2"]) -> Float[Tensor, " B"]:
    """Return the distance between the centres of the eyes of faces (B, 106, 2): (B,)."""
    left, right = (points[:, eye].mean(1) for eye in EYES)
    distance: Tensor = torch.linalg.vector_norm(left - right, dim=-1)
    return distance


@cache
def landmark_network(device: str = "cpu") -> OnnxNetwork:
    """Return the one network of this process and device, from faces (B, 3, 192, 192) in [0, 255].

    Raises:
        AssetError: The weights cannot be had.
    """
    from ganvas import assets

    return OnnxNetwork(assets.path("insightface") / "2d106det.onnx").to(device)
