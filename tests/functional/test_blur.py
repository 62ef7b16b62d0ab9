import numpy as np
import pytest
import torch
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
