import numpy as np
import pytest
import torch

from ganvas.functional.ridge import mean_squared_error, normal_equations, ridge, summed


@pytest.fixture
def pairs():
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(40, 7, generator=rng) * torch.arange(1.0, 8.0) + 3
    y = x[:, :3] @ torch.randn(3, 2, generator=rng) + torch.randn(40, 2, generator=rng)
    return x, y


@pytest.mark.parametrize("penalty", [0.01, 1.0])
def test_it_is_what_least_squares_with_rows_for_the_penalty_gives(pairs, penalty):
    x, y = (t.double().numpy() for t in pairs)
    centred = (x - x.mean(0)) / x.std(0)
    rows = np.vstack([centred, np.sqrt(penalty * len(x)) * np.eye(7)])
    expected, *_ = np.linalg.lstsq(rows, np.vstack([y - y.mean(0), np.zeros((7, 2))]), rcond=None)
    affine = ridge(normal_equations(*pairs), penalty)
    assert np.allclose(affine.beta.numpy(), expected, atol=1e-10)
    assert np.allclose(affine(pairs[0].double()).numpy(), centred @ expected + y.mean(0))


def test_sums_of_parts_are_those_of_the_whole(pairs):
    x, y = pairs
    parts = summed(normal_equations(x[i : i + 9], y[i : i + 9]) for i in range(0, 40, 9))
    whole = normal_equations(x, y)
    assert parts.pairs == 40
    for one, other in zip(parts[1:], whole[1:], strict=True):
        assert torch.allclose(one, other)


def test_the_error_from_sums_is_that_of_the_pairs(pairs):
    x, y = (t.double() for t in pairs)
    affine = ridge(normal_equations(x[:25], y[:25]), 0.1)
    error = mean_squared_error(normal_equations(x[25:], y[25:]), affine)
    assert torch.allclose(error, (affine(x[25:]) - y[25:]).square().mean(0))


def test_a_feature_that_never_varies_has_no_say(pairs):
    x, y = pairs
    constant = torch.cat([x, torch.full((40, 1), 1e3)], 1)
    with_it, without = (ridge(normal_equations(f, y), 0.1) for f in (constant, x))
    assert with_it.beta[7].abs().max() == 0
    assert torch.allclose(with_it.beta[:7], without.beta, atol=1e-8)
    constant[:, 7] = 0
    assert torch.allclose(with_it.bias, ridge(normal_equations(constant, y), 0.1).bias)


def test_nothing_to_regress_from_is_said():
    with pytest.raises(ValueError, match="no data"):
        summed([])
