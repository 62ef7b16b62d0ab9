"""Final metrics (`metrics=`): named measures of the saved 8-bit pictures and of the latent."""

from ganvas.metrics.context import Context, Region
from ganvas.metrics.identity import Identity
from ganvas.metrics.landmarks import LandmarkError
from ganvas.metrics.latent import PNDistance, WDistance
from ganvas.metrics.metric import Direction, Metric
from ganvas.metrics.parsing import ParsingIoU
from ganvas.metrics.perceptual import LPIPS
from ganvas.metrics.picture import MSSSIM, PSNR, SSIM, PictureMetric
from ganvas.metrics.regions import RegionLPIPS, RegionPSNR, Seam
from ganvas.metrics.rendered import RenderedMetric

__all__ = [
    "LPIPS",
    "MSSSIM",
    "PSNR",
    "SSIM",
    "Context",
    "Direction",
    "Identity",
    "LandmarkError",
    "Metric",
    "PNDistance",
    "ParsingIoU",
    "PictureMetric",
    "Region",
    "RegionLPIPS",
    "RegionPSNR",
    "RenderedMetric",
    "Seam",
    "WDistance",
]
