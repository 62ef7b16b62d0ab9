"""Numbers that fit float16."""

from __future__ import annotations

import numpy as np
import torch

from ganvas.functional.numbers import as_half_if_exact, round_to_half


def test_rounding_is_that_of_float16():
    x = torch.tensor([1 / 3, -2.0003, 6e-8, 1e-9, 0.0, 65504.0, 1e6, -3e38])
    with np.errstate(over="ignore"):
        expected = x.numpy().astype(np.float16)
    expected = np.where(np.isinf(expected), x.numpy(), expected.astype(np.float32))
    rounded = round_to_half(x)
    assert rounded.dtype == torch.float32
    assert np.array_equal(rounded.numpy(), expected)
    assert round_to_half(rounded).equal(rounded)


def test_the_error_is_bounded():
    x = torch.randn(4096, generator=torch.Generator().manual_seed(0))
    error = (round_to_half(x) - x).abs()
    assert bool((error <= torch.maximum(x.abs() * 2.0**-11, torch.tensor(2.0**-25))).all())
    assert float(error.max()) > 0


def test_only_what_is_exact_becomes_half():
    exact, other = torch.tensor([0.5, -1.25]), torch.tensor([0.5, 1 / 3])
    assert as_half_if_exact(exact).dtype == torch.float16
    assert as_half_if_exact(exact).float().equal(exact)
    assert as_half_if_exact(other) is other
    assert as_half_if_exact(torch.tensor([1e6])).dtype == torch.float32
