from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from ganvas.analysis.statistics import (
    holm,
    mean_ci,
    omega_squared,
    paired_test,
    smallest_p,
    wilcoxon,
)


@pytest.mark.parametrize("n", [3, 5, 8, 15, 40])
def test_wilcoxon_equals_scipys_exact_test(n):
    differences = np.random.default_rng(n).normal(0.4, 1, n)
    expected = stats.wilcoxon(differences, method="exact").pvalue
    assert wilcoxon(differences) == pytest.approx(expected, rel=1e-9)


def test_wilcoxon_with_ties_and_zeros_equals_the_count_over_all_signs():
    differences = np.array([0.0, 1, 1, -2, 3, 3, -1, 4, 2])
    ranks = stats.rankdata(np.abs(differences[differences != 0]))
    seen = min(
        ranks[differences[differences != 0] > 0].sum(),
        ranks[differences[differences != 0] < 0].sum(),
    )
    sums = [
        sum(r for r, s in zip(ranks, signs, strict=True) if s)
        for signs in itertools.product([0, 1], repeat=8)
    ]
    expected = min(1.0, 2 * np.mean([s <= seen for s in sums]))
    assert wilcoxon(differences) == pytest.approx(expected)


def test_wilcoxon_of_many_pairs_is_near_scipys_normal_approximation():
    differences = np.random.default_rng(1).normal(0.1, 1, 500)
    expected = stats.wilcoxon(differences, method="asymptotic", correction=True).pvalue
    assert wilcoxon(differences) == pytest.approx(expected, rel=1e-3)


def test_wilcoxon_without_a_difference_is_one():
    assert wilcoxon([0.0, 0.0]) == wilcoxon([]) == 1.0


def test_five_images_cannot_reach_a_significance_that_six_can():
    assert paired_test([1, 2, 3, 4, 5], [0] * 5).p == smallest_p(5) == 0.0625
    assert paired_test([1, 2, 3, 4, 5, 6], [0] * 6).p == smallest_p(6) < 0.05


def test_mean_ci_equals_scipys_t_interval():
    values = [1.0, 2.5, 2.0, 4.0]
    low, high = stats.t.interval(0.9, 3, np.mean(values), stats.sem(values))
    found = mean_ci([*values, math.nan], level=0.9)
    assert (found.mean, found.low, found.high, found.n) == pytest.approx((2.375, low, high, 4))


def test_mean_ci_of_one_value_has_no_interval():
    found = mean_ci([3.0])
    assert found.mean == 3
    assert math.isnan(found.low)


def test_paired_test_sees_the_pairing_that_a_mean_hides():
    generator = np.random.default_rng(0)
    images = generator.normal(0, 10, 12)
    test = paired_test(images + 0.5 + generator.normal(0, 0.1, 12), images)
    assert test.p < 0.001
    assert test.low < 0.5 < test.high
    assert test.high - test.low < 0.2


@pytest.mark.parametrize("n", [6, 20])
def test_bootstrap_interval_equals_scipys_at_the_expanded_level(n):
    generator = np.random.default_rng(3)
    differences = generator.normal(1, 2, n)
    test = paired_test(differences, np.zeros(n), resamples=20000)
    tail = stats.norm.cdf(-math.sqrt(n / (n - 1)) * stats.t.ppf(0.975, n - 1))
    expected = stats.bootstrap(
        (differences,), np.mean, method="percentile", n_resamples=20000, rng=generator,
        confidence_level=1 - 2 * tail,
    ).confidence_interval  # fmt: skip
    assert (test.low, test.high) == pytest.approx((expected.low, expected.high), abs=0.06)


@pytest.mark.parametrize("n", [6, 8, 20])
def test_bootstrap_intervals_of_few_images_hold_the_mean_as_often_as_they_say(n):
    generator = np.random.default_rng(n)
    samples = generator.normal(0.5, 1, (800, n))
    tests = [paired_test(sample, np.zeros(n), resamples=1000) for sample in samples]
    held = np.mean([test.low <= 0.5 <= test.high for test in tests])
    assert held == pytest.approx(0.94, abs=0.035)


def test_one_pair_has_a_difference_but_no_interval():
    test = paired_test([3.0], [1.0])
    assert (test.n, test.difference, test.p) == (1, 2, 1)
    assert math.isnan(test.low)
    assert math.isnan(test.high)
    same = paired_test([3.0, 4.0], [1.0, 2.0])
    assert (same.low, same.high) == (2, 2)


def test_pairs_that_are_not_finite_are_left_out_without_a_warning():
    inf, nan = math.inf, math.nan
    test = paired_test([inf, 1, nan, 4, inf, 2], [inf, 0, 1, -inf, 1, 0])
    assert (test.n, test.difference) == (2, 1.5)


def test_paired_test_is_the_same_every_time():
    assert paired_test([1, 2, 4], [0, 1, 1]) == paired_test([1, 2, 4], [0, 1, 1])


def test_paired_test_refuses_unequal_lengths():
    with pytest.raises(ValueError, match="equal in number"):
        paired_test([1], [1, 2])


def test_holm_equals_a_hand_computed_table():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([0.04, math.nan])[0] == 0.04
    assert holm([]) == []


def test_omega_squared_of_one_way_anova():
    groups = [0] * 4 + [1] * 4
    values = [1.0, 2, 3, 4, 5, 6, 7, 8]
    f = stats.f_oneway(values[:4], values[4:]).statistic
    assert omega_squared(values, groups) == pytest.approx((f - 1) / (f - 1 + 8))
    assert omega_squared([1, 1, 1, 1], [0, 0, 1, 1]) == 0
    assert omega_squared([1, 2], [0, 1]) == 0
