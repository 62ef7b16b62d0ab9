import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from ganvas.encoder.augmentation import Augmentation, blurred, recoloured, shifted, through_jpeg


@pytest.fixture
def picture():
    return torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_without_any_strength_a_picture_stays(picture):
    still = Augmentation(colour=0, blur=0, jpeg=None, crop=0)
    assert torch.equal(still(picture, torch.Generator().manual_seed(0)), picture)


def test_the_same_stream_gives_the_same_change_and_another_another(picture):
    change = Augmentation()
    once, again, other = (change(picture, torch.Generator().manual_seed(s)) for s in (0, 0, 1))
    assert torch.equal(once, again)
    assert not torch.equal(once, other)
    assert once.abs().max() <= 1


def test_one_strength_does_not_change_the_draws_of_the_others(picture):
    both, one = torch.Generator().manual_seed(3), torch.Generator().manual_seed(3)
    Augmentation()(picture, both)
    Augmentation(colour=0, jpeg=None)(picture, one)
    assert torch.equal(both.get_state(), one.get_state())


def test_the_blur_is_a_gaussian(picture):
    expected = gaussian_filter(picture[0].numpy(), (0, 1.2, 1.2), mode="mirror", radius=(0, 4, 4))
    assert np.allclose(blurred(picture, 1.2)[0].numpy(), expected, atol=1e-5)
    assert torch.equal(blurred(picture, 0.1), picture)


def test_brightness_contrast_and_saturation_change_what_they_are_called_after(picture):
    brighter = recoloured(picture, 1.1, 1, 1)
    assert torch.allclose(brighter + 1, 1.1 * (picture + 1), atol=1e-6)
    flat = recoloured(picture, 1, 0, 1)
    assert torch.allclose(flat, picture.mean().expand_as(flat), atol=1e-6)
    grey = recoloured(picture, 1, 1, 0)
    assert torch.allclose(grey, picture.mean(1, keepdim=True).expand_as(grey), atol=1e-6)


def test_a_shift_cuts_off_what_it_says():
    ramp = torch.linspace(-1, 1, 64).expand(1, 3, 64, 64)
    left = shifted(ramp, 0.25, 0.0, 0.0)
    assert torch.allclose(left[..., -1], ramp[..., 47], atol=0.05)
    right = shifted(ramp, 0.25, 1.0, 0.0)
    assert torch.allclose(right[..., 0], ramp[..., 16], atol=0.05)
    assert torch.equal(shifted(ramp, 0.0, 0.5, 0.5), ramp)


def test_a_lower_quality_is_further_from_the_picture(picture):
    smooth = blurred(picture, 3)
    errors = [(through_jpeg(smooth, q) - smooth).square().mean() for q in (95, 50, 10)]
    assert errors[0] < errors[1] < errors[2]
    assert errors[0] < 1e-3
