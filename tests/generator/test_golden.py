"""Images as the original PyTorch implementations draw them from the same weights.

The numbers were printed by the originals (NVIDIA's stylegan2-ada-pytorch and stylegan3, and the
PyTorch port of StyleGAN1) after loading `random_generator(architecture)` into them.
"""

import pytest
import torch

from ganvas.generator.architecture import (
    StyleGAN1Architecture,
    StyleGAN2Architecture,
    StyleGAN3Architecture,
)
from ganvas.generator.random_weights import random_generator

SMALL = {"mapping": (8, 8, 8), "channels": (6, 6, 4)}
THIRD = {"mapping": (8, 8), "resolution": 16, "channel_base": 128, "channel_max": 6, "layers": 4}
GOLDEN = [
    (
        StyleGAN1Architecture(**SMALL, epsilon=1e-5),
        [-0.41276, 1.45046, -0.61823, -0.61914, 1.28875, -0.65757, -0.69322, 1.34868, 0.3056],
        0.798704,
    ),
    (
        StyleGAN2Architecture(**SMALL),
        [-0.12432, -0.1854, -0.30418, 0.19009, -1.21897, -1.94109, 0.31671, -0.548, -0.3359],
        0.499741,
    ),
    (
        StyleGAN2Architecture(**SMALL, layout="resnet"),
        [0.07508, -0.13581, -0.06711, -0.10234, -0.26183, -0.09419, -0.02406, -0.17839, -0.02071],
        0.130158,
    ),
    (
        StyleGAN2Architecture(**SMALL, layout="orig"),
        [0.01903, -0.16284, -0.21797, -0.0071, -0.10223, -0.18769, 0.00137, -0.06061, -0.22936],
        0.101004,
    ),
    (
        StyleGAN3Architecture(**THIRD),
        [-0.05887, 0.0788, 0.00736, -0.05883, 0.14082, 0.07398, -0.06705, 0.18641, 0.07552],
        0.085183,
    ),
    (
        StyleGAN3Architecture(**THIRD, kernel=1, radial=True),
        [-0.01081, 0.00119, -0.05704, -0.00367, -0.03518, -0.04061, -0.0044, -0.02689, -0.04128],
        0.02971,
    ),
]


@pytest.mark.parametrize(("architecture", "pixels", "mean"), GOLDEN)
def test_the_image_is_the_original_s(architecture, pixels, mean):
    generator = random_generator(architecture)
    w = torch.sin(torch.arange(generator.rows * 8.0)).view(1, generator.rows, 8)
    noise = [
        torch.cos(torch.arange(float(r * r)) * (index + 1)).view(1, 1, r, r)
        for index, r in enumerate(generator.noise_resolutions)
    ]
    image = generator(w, noise)
    found = torch.cat([image[0, :, y, x] for y, x in ((0, 0), (7, 9), (15, 4))])
    torch.testing.assert_close(found, torch.tensor(pixels), rtol=0, atol=2e-5)
    assert image.abs().mean().item() == pytest.approx(mean, abs=2e-5)


def test_the_mapping_network_is_the_original_s():
    generator = random_generator(StyleGAN2Architecture(**SMALL))
    w = generator.mapping(torch.sin(torch.arange(8.0))[None])
    expected = torch.tensor([2.350586414, 2.078277826, -0.112125568, 0.702519417])
    torch.testing.assert_close(w[0, :4], expected, rtol=0, atol=1e-6)
