"""The expanded tail against scipy's distributions, and what it is for."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from ganvas.functional.bootstrap import expanded_tail
from ganvas.functional.dissection import bootstrap_ratio


@pytest.mark.parametrize("count", [2, 3, 8, 200])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_it_is_the_normal_tail_at_a_wider_t(count, level):
    t = stats.t.ppf(0.5 + level / 2, count - 1)
    wanted = stats.norm.cdf(-math.sqrt(count / (count - 1)) * t)
    assert expanded_tail(count, t) == pytest.approx(wanted, rel=1e-9)


def test_intervals_of_a_ratio_of_few_samples_hold_it_as_often_as_they_say():
    rng = np.random.default_rng(0)
    before = torch.from_numpy(rng.uniform(800, 1200, (400, 8)))
    after = before * torch.from_numpy(rng.normal(0.4, 0.1, (400, 8)))
    tail = expanded_tail(8, float(stats.t.ppf(0.975, 7)))
    held, plain = 0, 0
    for a, b in zip(after, before, strict=True):
        _, low, high = bootstrap_ratio(a, b, tail, draws=1000)
        held += low <= 0.4 <= high
        _, low, high = bootstrap_ratio(a, b, draws=1000)
        plain += low <= 0.4 <= high
    assert held / 400 == pytest.approx(0.945, abs=0.03)
    assert plain / 400 < 0.92
