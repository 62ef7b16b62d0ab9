import math

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from scipy.signal import convolve2d

from ganvas.functional.blur import blur, gaussian_blur


def test_a_kernel_goes_along_both_axes_where_it_has_room():
    images = torch.rand(2, 3, 9, 7, dtype=torch.float64)
    kernel = torch.tensor([0.2, 0.5, 0.2], dtype=torch.float64)
    blurred = blur(images, kernel).numpy()
    square = np.outer(kernel, kernel)
    wanted = [[convolve2d(c, square, mode="valid") for c in image] for image in images.numpy()]
    assert blurred == pytest.approx(np.array(wanted), abs=1e-12)


def test_blur_keeps_the_integral_away_from_the_border():
    mask = torch.zeros(1, 1, 41, 41, dtype=torch.float64)
    mask[..., 20, 20] = 1
    blurred = gaussian_blur(mask, 3.0)
    assert blurred.sum().item() == pytest.approx(1, abs=1e-12)
    assert torch.allclose(blurred, blurred.transpose(-1, -2))
    offsets = torch.arange(-20, 21, dtype=torch.float64)
    deviation = (blurred[0, 0].sum(0) * offsets.square()).sum().sqrt()
    assert deviation.item() == pytest.approx(3.0, rel=0.02)


def test_blur_may_be_wider_than_the_mask():
    assert torch.equal(gaussian_blur(torch.ones(1, 1, 4, 4), 5.0), torch.ones(1, 1, 4, 4))


@pytest.mark.parametrize("sigma", [0.7, 1.0, 2.5, 5.12, 20.48])
def test_inside_of_a_blurred_mask_ones_are_exactly_one(sigma):
    mask = torch.zeros(1, 1, 200, 170)
    mask[..., :150, :140] = 1
    blurred = gaussian_blur(mask, sigma)
    assert torch.equal(blurred[..., :80, :70], torch.ones(1, 1, 80, 70))
    assert torch.equal(gaussian_blur(0.3 * mask, sigma)[..., :80, :70], 0.3 * mask[..., :80, :70])


@pytest.mark.parametrize("sigma", [0.3, 1.0, 2.5, 20.0])
def test_a_blurred_mask_equals_scipys(sigma):
    mask = (torch.rand(2, 1, 17, 31, generator=torch.Generator().manual_seed(0)) > 0.5).float()
    radius = max(1, math.ceil(3 * sigma))
    expected = gaussian_filter(
        mask.double().numpy(), (0, 0, sigma, sigma), mode="nearest", radius=(0, 0, radius, radius)
    )
    assert gaussian_blur(mask, sigma).numpy() == pytest.approx(expected, abs=1e-7)
