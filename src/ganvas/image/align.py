"""FFHQ's crop of a face, and its inverse: pasting an edited crop back into the photograph.

Source: Karras et al. 2019 (StyleGAN), appendix A: an oriented square from the eyes and the mouth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from ganvas.errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FaceSquare:
    """An oriented square of a photograph, in pixels; it may reach beyond the photograph.

    Attributes:
        corner: (x, y) of the corner that becomes the upper left one.
        side: (x, y) from there to the upper right corner; its length is the square's side.
    """

    corner: tuple[float, float]
    side: tuple[float, float]

    @property
    def length(self) -> float:
        """The side's length in pixels."""
        return float(np.hypot(*self.side))

    def points(self) -> Array:
        """Return the corners (4, 2): upper left, lower left, lower right, upper right."""
        across = np.array(self.side)
        down = np.array([-across[1], across[0]])
        first = np.array(self.corner)
        return np.stack([first, first + down, first + down + across, first + across])

    def cut(self, photograph: Image.Image, size: int) -> Image.Image:
        """Return the square as a picture of `size` pixels; what is missing is mirrored."""
        large = self._sample(photograph.convert("RGB"), 2 * size, "symmetric")
        return large.resize((size, size), Image.Resampling.LANCZOS)

    def cut_layer(self, layer: Image.Image, size: int) -> Image.Image:
        """Return the square of what was drawn over the photograph: RGBA or "F", `size` pixels.

        Beyond the photograph it is 0. It is sampled where `cut` samples, but no value leaves the
        range of its neighbours, so that what is 1 or 0 around a pixel stays so.
        """
        return self._sample(layer, 2 * size, "constant").reduce(2)

    def _sample(
        self, picture: Image.Image, size: int, beyond: Literal["symmetric", "constant"]
    ) -> Image.Image:
        """Return the square, `size` pixels wide; what lies beyond is padded as numpy pads."""
        factor = max(1, int(self.length / size))
        points = self.points()
        margin = int(max(0, -points.min(), *(points.max(axis=0) - picture.size))) + 2
        pixels = np.asarray(picture)
        widths = [(margin, margin), (margin, margin), (0, 0)][: pixels.ndim]
        padded = Image.fromarray(np.pad(pixels, widths, mode=beyond)).reduce(factor)
        quad = ((points + margin) / factor).reshape(-1).tolist()
        return padded.transform((size, size), Image.Transform.QUAD, quad, Image.Resampling.BILINEAR)

    def paste(
        self, photograph: Image.Image, crop: Image.Image, feather: float = 0.05
    ) -> Image.Image:
        """Return the photograph with a crop put back where it was cut.

        Args:
            photograph: The photograph that was cut.
            crop: The crop, edited, of any size.
            feather: Width of the soft border, as a fraction of the crop's side; inside of it the
                photograph's own pixels stay.
        """
        size = max(2, min(crop.width, round(self.length)))
        crop = crop.convert("RGB").resize((size, size), Image.Resampling.LANCZOS)
        border = max(1, round(feather * size))
        mask = Image.new("L", (size, size))
        mask.paste(255, (border, border, size - border, size - border))
        mask = mask.filter(ImageFilter.GaussianBlur(border / 3)) if feather else mask
        # Rows of the inverse map: position along each side, per pixel of the photograph.
        across = np.array(self.side) * size / self.length**2
        down = np.array([-across[1], across[0]])
        first = np.array(self.corner)
        inverse = [*across, -across @ first, *down, -down @ first]
        warped, weight = (
            layer.transform(
                photograph.size, Image.Transform.AFFINE, inverse, Image.Resampling.BICUBIC
            )
            for layer in (crop, mask)
        )
        return Image.composite(warped, photograph.convert("RGB"), weight)


def ffhq_square(eyes: Array, mouth: Array) -> FaceSquare:
    """Return FFHQ's square for a face.

    Args:
        eyes: (2, 2) centres of the eyes, the one that is left in the picture first.
        mouth: (2, 2) corners of the mouth, in the same order.
    """
    eye, across = eyes.mean(axis=0), eyes[1] - eyes[0]
    down = mouth.mean(axis=0) - eye
    x = across - np.array([-down[1], down[0]])
    x *= max(2.0 * np.hypot(*across), 1.8 * np.hypot(*down)) / np.hypot(*x)
    y = np.array([-x[1], x[0]])
    corner = eye + 0.1 * down - x - y
    return FaceSquare((float(corner[0]), float(corner[1])), (float(2 * x[0]), float(2 * x[1])))


def find_square(photograph: Image.Image, name: str = "the photograph") -> FaceSquare:
    """Return FFHQ's square for the largest face.

    Raises:
        AssetError: The detector cannot be had.
        InputError: There is no face.
    """
    from ganvas.network.face_detector import detect

    faces = detect(photograph)
    if not faces:
        raise InputError(f"{name}: no face was found; choose another crop")
    points = faces[0].points.astype(np.float64)
    return ffhq_square(points[[0, 1]], points[[3, 4]])
