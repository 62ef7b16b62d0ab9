"""What is measured at the end of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

if TYPE_CHECKING:
    import torch

Metric = Literal[
    "psnr", "ssim", "ms_ssim", "lpips", "lpips_alex", "w_distance", "psnr_resampled_noise",
    "psnr_inside", "psnr_outside", "lpips_inside", "lpips_outside", "seam",
    "identity_x", "identity_y", "identity_z",
]  # fmt: skip


@dataclass(frozen=True)
class Metrics:
    """The final metrics, on the saved 8-bit pictures.

    Attributes:
        names: Which metrics. Those with inside, outside and seam belong to edits that have a mask,
            identity_… to inputs that there are.
        lpips_resolution: Height and width at which LPIPS is computed.
    """

    names: tuple[Metric, ...]
    lpips_resolution: Annotated[int, Field(ge=32)] = 256

    def load(self, device: torch.device) -> None:
        """Load the networks that the metrics need, so that a missing one is found before any work.

        Raises:
            AssetError: The weights cannot be had.
        """
        from ganvas.network.arcface import arcface
        from ganvas.network.lpips import perceptual_distance

        if "lpips_alex" in self.names:
            perceptual_distance("alex", str(device))
        if {"lpips", "lpips_inside", "lpips_outside"} & set(self.names):
            perceptual_distance("vgg", str(device))
        if any(name.startswith("identity_") for name in self.names):
            arcface(str(device))

    def about(self, resolution: int) -> dict[str, str]:
        """State range, resolution and network of each metric."""
        size = f"{resolution}×{resolution}"
        small = f"{min(resolution, self.lpips_resolution)}²"
        texts = {
            "psnr": f"dB, range [0, 255], {size}, on the saved 8-bit picture; higher is better",
            "ssim": f"range [0, 255], {size}, Gaussian window 11, σ 1.5; higher is better",
            "ms_ssim": f"range [0, 255], {size}, five scales; higher is better",
            "lpips": f"LPIPS v0.1, VGG16, at {small}, input [−1, 1]; lower is better",
            "lpips_alex": f"LPIPS v0.1, AlexNet, at {small}, input [−1, 1]; lower is better",
            "w_distance": "‖w − w_avg‖₂, root mean square over the effective style rows",
            "psnr_resampled_noise": f"dB, range [0, 255], {size}, after drawing new noise maps",
            "psnr_inside": "dB, range [0, 255], over the mask's region",
            "psnr_outside": "dB, range [0, 255], over the rest",
            "lpips_inside": f"LPIPS v0.1, VGG16, at {small}, map averaged over the mask's region",
            "lpips_outside": f"LPIPS v0.1, VGG16, at {small}, map averaged over the rest",
            "seam": "8-bit steps per pixel along the mask's edge, beyond the photos' own",
            "identity_x": "cosine similarity of ArcFace features to image x; higher is nearer",
            "identity_y": "cosine similarity of ArcFace features to image y; higher is nearer",
            "identity_z": "cosine similarity of ArcFace features to image z; higher is nearer",
        }
        return {name: texts[name] for name in self.names}
