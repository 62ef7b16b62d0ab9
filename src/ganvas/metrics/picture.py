"""Metrics that compare a picture with the photograph that it stands for."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ganvas.functional.window import SMALLEST_MS_SSIM
from ganvas.metrics.context import Context
from ganvas.metrics.metric import Direction
from ganvas.metrics.rendered import RenderedMetric

if TYPE_CHECKING:
    from jaxtyping import Float, UInt8
    from torch import Tensor


@dataclass(frozen=True)
class PictureMetric(RenderedMetric):
    """A comparison of pictures with photographs of the same size."""

    def measure(self, context: Context) -> Float[Tensor, " B"] | None:
        """Compare the render with its photographs."""
        pictures = context.picture(self.render)
        targets = context.picture(context.stands_for(self.render))
        return None if pictures is None or targets is None else self.compare(pictures, targets)

    @abstractmethod
    def compare(
        self, pictures: UInt8[Tensor, "B 3 H W"], targets: UInt8[Tensor, "B 3 H W"]
    ) -> Float[Tensor, " B"] | None:
        """Compare uint8 pictures (B, 3, H, W): (B,), or None where they are too small."""


@dataclass(frozen=True)
class PSNR(PictureMetric):
    """Peak signal-to-noise ratio."""

    direction: ClassVar[Direction] = "higher"
    unit: ClassVar[str] = "dB"

    def compare(
        self, pictures: UInt8[Tensor, "B 3 H W"], targets: UInt8[Tensor, "B 3 H W"]
    ) -> Float[Tensor, " B"]:
        """Compare over the range [0, 255]."""
        from ganvas.functional.quality import mse, psnr_from_mse

        return psnr_from_mse(mse(pictures.double(), targets.double()), span=255.0)

    def compared(self, resolution: int) -> str:
        """State range and resolution."""
        return f"range [0, 255], {resolution}×{resolution}, on the saved 8-bit picture"


@dataclass(frozen=True)
class SSIM(PictureMetric):
    """Structural similarity. Wang et al. 2004."""

    direction: ClassVar[Direction] = "higher"

    def compare(
        self, pictures: UInt8[Tensor, "B 3 H W"], targets: UInt8[Tensor, "B 3 H W"]
    ) -> Float[Tensor, " B"]:
        """Compare with a Gaussian window of 11 pixels."""
        from ganvas.functional.ssim import ssim

        return _each(ssim, pictures, targets)

    def compared(self, resolution: int) -> str:
        """State range, resolution and window."""
        return f"range [0, 255], {resolution}×{resolution}, Gaussian window 11, σ 1.5"


@dataclass(frozen=True)
class MSSSIM(PictureMetric):
    """Multi-scale structural similarity, of 176 pixels or more. Wang et al. 2003."""

    direction: ClassVar[Direction] = "higher"

    def compare(
        self, pictures: UInt8[Tensor, "B 3 H W"], targets: UInt8[Tensor, "B 3 H W"]
    ) -> Float[Tensor, " B"] | None:
        """Compare over five scales; None where the coarsest is smaller than the window."""
        from ganvas.functional.ssim import ms_ssim

        if pictures.shape[-1] < SMALLEST_MS_SSIM:
            return None
        return _each(ms_ssim, pictures, targets)

    def compared(self, resolution: int) -> str:
        """State range, resolution and scales."""
        return f"range [0, 255], {resolution}×{resolution}, five scales"


def _each(function: Callable[..., Tensor], pictures: Tensor, targets: Tensor) -> Tensor:
    """Apply a similarity image by image, which bounds its memory.

    In double precision: variances are differences of squares, and those of bright even areas would
    be rounding alone.
    """
    import torch

    values = [
        function(a[None].double(), b[None].double(), span=255.0, reflect=True)
        for a, b in zip(pictures, targets, strict=True)
    ]
    return torch.cat(values).float()
