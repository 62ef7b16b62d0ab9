"""Matching the colours of an edited crop to its photograph along an edge.

Source: Pérez, Gangnet and Blake 2003, *Poisson Image Editing*: what has the gradients of the crop
and the photograph's values on the edge is the crop plus a membrane, a harmonic function that takes
the difference on the edge and is spread over the inside without a maximum of its own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Array = NDArray[np.float64]

CELLS = 128
"""Points per side at which the membrane is computed; it is smooth, and resized to the crop."""


def match_edge(crop: Image.Image, original: Image.Image, inset: int) -> Image.Image:
    """Return the crop with the original's colours along an edge, and its own gradients.

    Args:
        crop: The edited crop, square RGB.
        original: What stood there in the photograph, of the same size.
        inset: Pixels from the crop's border to the edge.
    """
    # Noise along the edge is no colour: both are smoothed over the border's width.
    blur = ImageFilter.GaussianBlur(max(1.0, inset / 2))
    smooth = [np.asarray(picture.filter(blur), np.float64) for picture in (original, crop)]
    inner = slice(inset, crop.width - inset)
    difference = (smooth[0] - smooth[1])[inner, inner]
    sheets = [_resized(difference[..., c], CELLS) for c in range(3)]
    size = crop.width - 2 * inset
    spread = np.stack([_resized(membrane(sheet), size) for sheet in sheets], axis=-1)
    # Outside of the edge, where the photograph takes over, its last value goes on.
    spread = np.pad(spread, ((inset, inset), (inset, inset), (0, 0)), mode="edge")
    matched = np.asarray(crop, np.float64) + spread
    return Image.fromarray(np.clip(np.round(matched), 0, 255).astype(np.uint8))


def membrane(values: Array) -> Array:
    """Return the discrete harmonic function (n, n) with the border of `values` (n, n).

    Laplace's equation on a square is solved exactly by sines, which are the eigenvectors of the
    second difference.
    """
    inner = len(values) - 2
    k = np.arange(1, inner + 1)
    sines = np.sqrt(2 / (inner + 1)) * np.sin(np.pi * np.outer(k, k) / (inner + 1))
    eigenvalues = 2 - 2 * np.cos(np.pi * k / (inner + 1))
    border = np.zeros((inner, inner))
    border[0] += values[0, 1:-1]
    border[-1] += values[-1, 1:-1]
    border[:, 0] += values[1:-1, 0]
    border[:, -1] += values[1:-1, -1]
    coefficients = sines @ border @ sines / (eigenvalues[:, None] + eigenvalues)
    harmonic = values.copy()
    harmonic[1:-1, 1:-1] = sines @ coefficients @ sines
    return harmonic


def _resized(values: Array, size: int) -> Array:
    picture = Image.fromarray(values.astype(np.float32))
    return np.asarray(picture.resize((size, size), Image.Resampling.BILINEAR), np.float64)
