"""Changes of colour and position."""

from __future__ import annotations

import torch

from ganvas.functional.jitter import jittered, recoloured, shifted


def test_a_shift_moves_pixels_and_mirrors_the_border():
    images = torch.arange(16.0).reshape(1, 1, 4, 4).repeat(2, 1, 1, 1)
    moved = shifted(images, torch.tensor([1.0, 0.0]), torch.tensor([0.0, -2.0]))
    torch.testing.assert_close(moved[0, 0, :, 1:], images[0, 0, :, :3])
    torch.testing.assert_close(moved[0, 0, :, 0], images[0, 0, :, 0])
    torch.testing.assert_close(moved[1, 0, :2], images[1, 0, 2:])
    torch.testing.assert_close(moved[1, 0, 2:], images[1, 0, 2:].flip(0))


def test_colours_change_per_image():
    images = torch.rand(3, 3, 4, 4) * 2 - 1
    zero, one = torch.zeros(3), torch.ones(3)
    torch.testing.assert_close(recoloured(images, zero, one, one), images)
    grey = recoloured(images, zero, one, zero)
    torch.testing.assert_close(grey, images.mean(1, keepdim=True).expand(-1, 3, -1, -1))
    flat = recoloured(images, torch.tensor([0.5, 0, 0]), zero, one)
    means = images.mean((1, 2, 3)) + torch.tensor([0.5, 0, 0])
    torch.testing.assert_close(flat, means[:, None, None, None].expand_as(images))


def test_some_images_are_changed_and_a_gradient_passes():
    images = torch.rand(64, 3, 8, 8, requires_grad=True)
    rng = torch.Generator().manual_seed(0)
    changed = jittered(images, rng, 0.3, 0.2, 0.25)
    same = (changed - images).abs().amax((1, 2, 3)) < 1e-5
    assert 16 < int(same.sum()) < 48  # 0.7² of 64 are 31
    changed.sum().backward()
    assert bool((images.grad.abs().sum((1, 2, 3)) > 0).all())
    assert jittered(images, rng, 0.0, 0.2, 0.25) is images
