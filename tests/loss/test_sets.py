"""The named loss sets on the default generator and a photograph."""

import numpy as np
import pytest
import torch

from ganvas.api import run
from ganvas.metrics import LPIPS, PSNR


@pytest.mark.slow
@pytest.mark.assets
@pytest.mark.parametrize("loss", ["image2stylegan", "image2stylegan_pp", "pixel"])
def test_the_latent_finds_more_than_a_flat_picture(tmp_path, loss):
    """Losses on raw features are low where a picture is flat, and the generator can stay there."""
    result = run(
        [
            "edit=reconstruct_w", f"loss={loss}", "optimizer=gentle", "budget.latent=10",
            "metrics=pixel", "+metrics.lpips={_target_:ganvas.metrics.LPIPS}", "logger=none",
            "budget.frame_every=0", "+trainer.progress=false", f"output={tmp_path}",
        ]
    )  # fmt: skip
    target = torch.from_numpy(np.array(result.image("target"))).movedim(2, 0)[None]
    colour = target.float().mean((2, 3), keepdim=True).round().to(torch.uint8)
    flat = colour.expand_as(target).contiguous()
    found = result.metrics["final"]
    assert found["psnr"] > PSNR().compare(flat, target).item() + 1
    assert found["lpips"] < LPIPS().compare(flat, target).item() - 0.1
