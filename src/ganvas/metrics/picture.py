"""Metrics that compare a picture with the photograph that it stands for."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from ganvas.functional import ssim as structure
from ganvas.functional.quality import masked_mse, psnr_from_mse
from ganvas.metrics.context import RESULT, Context, Render
from ganvas.metrics.metric import Direction, Metric


@dataclass(frozen=True)
class PictureMetric(Metric):
    """A comparison of pictures with photographs of the same size.

    Attributes:
        render: "result" is the saved picture; "resampled" is drawn from the same latent with new
            noise maps, so that no noise hides a bad latent.
    """

    render: Render = "result"

    def measure(self, context: Context) -> Tensor | None:
        """Compare the render with its photographs."""
        pictures = context.picture(self.render)
        return None if pictures is None else self.compare(pictures, context.target_of(self.render))

    def about(self, resolution: int) -> str:
        """Say what is compared, and of which render."""
        drawn = "" if self.render == RESULT else "; after drawing new noise maps"
        return f"{self.compared(resolution)}{drawn}"

    @abstractmethod
    def compare(self, pictures: Tensor, targets: Tensor) -> Tensor | None:
        """Compare uint8 pictures (B, 3, H, W): (B,), or None where they are too small."""

    @abstractmethod
    def compared(self, resolution: int) -> str:
        """State range, resolution and network."""


@dataclass(frozen=True)
class PSNR(PictureMetric):
    """Peak signal-to-noise ratio."""

    direction: ClassVar[Direction] = "higher"
    unit: ClassVar[str] = "dB"

    def compare(self, pictures: Tensor, targets: Tensor) -> Tensor:
        """Compare over the range [0, 255]."""
        return psnr_from_mse(masked_mse(pictures.double(), targets.double()), span=255.0)

    def compared(self, resolution: int) -> str:
        """State range and resolution."""
        return f"range [0, 255], {resolution}×{resolution}, on the saved 8-bit picture"


@dataclass(frozen=True)
class SSIM(PictureMetric):
    """Structural similarity. Wang et al. 2004."""

    direction: ClassVar[Direction] = "higher"

    def compare(self, pictures: Tensor, targets: Tensor) -> Tensor:
        """Compare with a Gaussian window of 11 pixels."""
        return _each(structure.ssim, pictures, targets)

    def compared(self, resolution: int) -> str:
        """State range, resolution and window."""
        return f"range [0, 255], {resolution}×{resolution}, Gaussian window 11, σ 1.5"


@dataclass(frozen=True)
class MSSSIM(PictureMetric):
    """Multi-scale structural similarity, of 176 pixels or more. Wang et al. 2003."""

    direction: ClassVar[Direction] = "higher"

    def compare(self, pictures: Tensor, targets: Tensor) -> Tensor | None:
        """Compare over five scales; None where the coarsest is smaller than the window."""
        if pictures.shape[-1] < structure.SMALLEST_MS_SSIM:
            return None
        return _each(structure.ms_ssim, pictures, targets)

    def compared(self, resolution: int) -> str:
        """State range, resolution and scales."""
        return f"range [0, 255], {resolution}×{resolution}, five scales"


def _each(function: Callable[..., Tensor], pictures: Tensor, targets: Tensor) -> Tensor:
    """Apply a similarity image by image, which bounds its memory."""
    values = [
        function(a[None].float(), b[None].float(), span=255.0, reflect=True)
        for a, b in zip(pictures, targets, strict=True)
    ]
    return torch.cat(values)
