"""The two-loop recursion against the inverse Hessian that it stands for."""

import numpy as np
import pytest
import torch

from ganvas.functional.lbfgs import curvature, lbfgs_direction


def test_the_direction_is_that_of_the_updated_matrix():
    rng = torch.Generator().manual_seed(0)
    count, size, kept = 3, 6, 4
    hessian = torch.randn(count, size, size, generator=rng, dtype=torch.float64)
    hessian = hessian @ hessian.mT + torch.eye(size)
    steps = list(torch.randn(kept, count, size, generator=rng, dtype=torch.float64))
    changes = [torch.einsum("bij,bj->bi", hessian, s) for s in steps]
    gradient = torch.randn(count, size, generator=rng, dtype=torch.float64)
    pairs = [curvature(s, y) for s, y in zip(steps, changes, strict=True)]
    inverses, scale = [pair[1] for pair in pairs], pairs[-1][2]
    found = lbfgs_direction(gradient, steps, changes, inverses, scale)
    for index in range(count):
        # Nocedal and Wright 2006, equation 7.16.
        h = scale[index].item() * np.eye(size)
        for s, y in zip(steps, changes, strict=True):
            s, y = s[index].numpy(), y[index].numpy()
            v = np.eye(size) - np.outer(y, s) / (y @ s)
            h = v.T @ h @ v + np.outer(s, s) / (y @ s)
        assert found[index].numpy() == pytest.approx(-h @ gradient[index].numpy())


def test_a_pair_without_curvature_is_left_out():
    step, change = torch.tensor([[1.0, 0.0]] * 3), torch.tensor([[-1.0, 0], [0, 1], [0, 0]])
    usable, inverse, scale = curvature(step, change)
    assert not usable.any()
    assert not inverse.any()
    assert scale.isfinite().all()
    gradient = torch.randn(3, 2, generator=torch.Generator().manual_seed(0))
    one = torch.ones(3, 1)
    assert torch.equal(lbfgs_direction(gradient, [step], [change], [inverse], one), -gradient)
