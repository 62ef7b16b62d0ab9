"""The losses of two networks, against what they are written out."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from ganvas.functional.adversarial import (
    discriminator_loss,
    generator_loss,
    halving_weight,
    r1_penalty,
    with_deviation,
)


def test_losses_are_the_logarithms_of_the_probabilities():
    real, fake = torch.tensor([0.3, -1.2]), torch.tensor([2.0, -0.5])
    right = [math.log(1 / (1 + math.exp(-s))) for s in real.tolist()]
    wrong = [math.log(1 - 1 / (1 + math.exp(-s))) for s in fake.tolist()]
    assert discriminator_loss(real, fake).item() == pytest.approx(-(sum(right) + sum(wrong)) / 2)
    believed = [math.log(1 / (1 + math.exp(-s))) for s in fake.tolist()]
    assert generator_loss(fake).item() == pytest.approx(-sum(believed) / 2)


def test_r1_of_a_quadratic_score_and_its_gradient():
    images = torch.randn(3, 1, 2, 2, requires_grad=True)
    scale = torch.tensor(0.7, requires_grad=True)
    penalty = r1_penalty(scale * images.square().sum((1, 2, 3)), images)
    norms = images.detach().square().sum((1, 2, 3)).mean()
    assert penalty.item() == pytest.approx(4 * 0.49 * norms.item(), rel=1e-5)
    penalty.backward()
    assert scale.grad.item() == pytest.approx(8 * 0.7 * norms.item(), rel=1e-5)


def test_the_deviation_is_that_of_each_group():
    x = torch.randn(6, 2, 3, 3)
    y = with_deviation(x, 4)
    torch.testing.assert_close(y[:, :2], x)
    for part in (slice(0, 4), slice(4, 6)):
        expected = x[part].numpy().std(axis=0).mean()
        torch.testing.assert_close(
            y[part, 2], torch.full_like(y[part, 2], float(expected)), rtol=1e-4, atol=1e-5
        )


def test_a_halving_convolution_is_a_convolution_and_its_means():
    x, weight = torch.randn(2, 3, 8, 8), torch.randn(5, 3, 3, 3)
    slow = F.avg_pool2d(F.conv2d(x, weight, padding=1), 2)
    fast = F.conv2d(x, halving_weight(weight), stride=2, padding=1)
    torch.testing.assert_close(fast, slow, rtol=1e-4, atol=1e-5)
