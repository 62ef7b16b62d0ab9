import numpy as np
import pytest
import torch

from ganvas.functional.priors import (
    Whitening,
    noise_autocorrelation,
    total_variation,
    unrectified,
)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_total_variation_counts_steps():
    image = torch.zeros(2, 3, 8, 8, dtype=torch.float64)
    image[1, :, :, 4:] = 1
    assert total_variation(image).tolist() == pytest.approx([0, 1 / 8])
    mask = torch.zeros(2, 1, 8, 8, dtype=torch.float64)
    mask[..., :4] = 1
    # Only one of the two pixels at the step counts.
    assert total_variation(image, mask).tolist() == pytest.approx([0, 0.5 / 8])


def test_noise_autocorrelation_follows_its_definition():
    noise = [normal(2, 1, 4, 4), normal(2, 1, 16, 16, seed=1)]
    wanted = np.zeros(2)
    for maps in noise:
        level = maps[:, 0].numpy()
        while True:
            for axis in (1, 2):
                wanted += (level * np.roll(level, 1, axis)).mean((1, 2)) ** 2
            if level.shape[-1] <= 8:
                break
            size = level.shape[-1] // 2
            level = level.reshape(2, size, 2, size, 2).mean((2, 4)) * 2
    assert noise_autocorrelation(noise).tolist() == pytest.approx(wanted.tolist(), rel=1e-12)


def test_white_noise_is_far_less_correlated_than_a_picture():
    white = normal(1, 1, 64, 64)
    smooth = torch.nn.functional.interpolate(normal(1, 1, 8, 8), 64, mode="bilinear")
    assert noise_autocorrelation([white]) * 100 < noise_autocorrelation([smooth])


def test_whitened_distance_is_mahalanobis():
    samples = normal(4000, 5) @ normal(5, 5, seed=1) + 3
    whitening = Whitening.of(samples, ridge=1e-12)
    covariance = np.cov(samples.numpy().T)
    point = normal(1, 5, seed=2)
    offset = (point - samples.mean(0)).numpy()
    wanted = (offset @ np.linalg.inv(covariance) @ offset.T).item() / 5
    assert whitening.distance(point).item() == pytest.approx(wanted, rel=1e-6)
    assert whitening.distance(samples).mean().item() == pytest.approx(1, rel=1e-3)


def test_directions_without_variance_do_not_rule_the_distance():
    samples = normal(1000, 4)
    samples[:, 3] = 0
    point = torch.tensor([[0.0, 0.0, 0.0, 0.01]], dtype=torch.float64)
    assert Whitening.of(samples).distance(point) < 1


def test_unrectified_undoes_the_leaky_relu():
    x = normal(100)
    assert torch.allclose(unrectified(torch.nn.functional.leaky_relu(x, 0.2)), x)


def test_gradients_agree_with_finite_differences():
    maps = normal(1, 1, 16, 16).requires_grad_()
    assert torch.autograd.gradcheck(lambda n: noise_autocorrelation([n]), (maps,))
