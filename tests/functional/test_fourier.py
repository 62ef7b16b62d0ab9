"""Fourier features at positions that are written out, in double precision."""

import math

import pytest
import torch

from ganvas.functional.fourier import fourier_features, rigid_transform


def test_the_transform_moves_a_point_back_and_turns_it():
    angle = 0.7
    c, s = math.cos(angle), math.sin(angle)
    # Twice the length of a rotation: the shift is halved along with it.
    parameters = torch.tensor([[2 * c, 2 * s, 0.6, -0.4]], dtype=torch.float64)
    x, y, one = (rigid_transform(parameters)[0] @ torch.tensor([0.1, 0.5, 1.0]).double()).tolist()
    px, py = 0.1 - 0.3, 0.5 + 0.2
    assert (x, y, one) == pytest.approx((c * px - s * py, s * px + c * py, 1))


def test_each_sample_is_a_sine_of_its_position_that_fades_above_the_bandwidth():
    size, rate, bandwidth = 5, 4.0, 0.5
    frequencies = torch.tensor([[0.2, 0.3], [1.0, 0.0], [2.5, 0.0]], dtype=torch.float64)
    phases = torch.tensor([0.1, -0.2, 0.4], dtype=torch.float64)
    parameters = torch.tensor([[1.0, 0, 0, 0], [0.6, 0.8, 0.3, -0.1]], dtype=torch.float64)
    transforms = rigid_transform(parameters)
    found = fourier_features(
        transforms, frequencies, phases, size=size, rate=rate, bandwidth=bandwidth
    )
    assert found.shape == (2, size, size, 3)
    for image, transform in enumerate(transforms):
        for row in range(size):
            for column in range(size):
                # The middle of the grid is the middle of the image.
                at = [(column - 2) / rate, (row - 2) / rate, 1]
                x, y, _ = (transform @ torch.tensor(at, dtype=torch.float64)).tolist()
                for k, (fx, fy) in enumerate(frequencies.tolist()):
                    fade = 1 - (math.hypot(fx, fy) - bandwidth) / (rate / 2 - bandwidth)
                    wave = math.sin(2 * math.pi * (fx * x + fy * y + phases[k].item()))
                    wanted = wave * min(max(fade, 0), 1)
                    assert found[image, row, column, k].item() == pytest.approx(wanted, abs=1e-12)
