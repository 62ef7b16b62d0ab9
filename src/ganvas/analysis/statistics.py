"""Statistics of paired comparisons, as plain functions of numbers.

The unit is the image: average seeds within an image before calling these functions, because
repetitions on one image are not independent evidence.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ganvas.functional.bootstrap import expanded_tail

Values = Sequence[float] | npt.NDArray[np.float64]
_EXACT_UP_TO = 200


@dataclass(frozen=True)
class MeanCI:
    """A mean with its confidence interval.

    Attributes:
        mean: Arithmetic mean; NaN without values.
        low: Lower end; NaN with fewer than two values.
        high: Upper end; NaN with fewer than two values.
        n: Number of values.
    """

    mean: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class PairedTest:
    """What two settings' values on the same images say about their difference.

    Attributes:
        n: Number of pairs.
        difference: Mean of ``a − b``.
        low: Lower end of the difference's bootstrap confidence interval; NaN with fewer than two
            pairs.
        high: Upper end of it; NaN with fewer than two pairs.
        p: Two-sided p value of Wilcoxon's signed-rank test; 1 without a difference.
    """

    n: int
    difference: float
    low: float
    high: float
    p: float


def mean_ci(values: Values, level: float = 0.95) -> MeanCI:
    """Return the mean and Student's t confidence interval of independent values.

    Args:
        values: One value per unit (image); values that are not finite are left out.
        level: Coverage of the interval, in (0, 1).
    """
    finite = _finite(values)
    n = finite.size
    mean = float(finite.mean()) if n else math.nan
    if n < 2:
        return MeanCI(mean, math.nan, math.nan, n)
    half = _t_quantile(0.5 + level / 2, n - 1) * float(finite.std(ddof=1)) / math.sqrt(n)
    return MeanCI(mean, mean - half, mean + half, n)


def paired_test(a: Values, b: Values, level: float = 0.95, resamples: int = 5000) -> PairedTest:
    """Compare two settings on the same images: Wilcoxon signed-rank and a bootstrap interval.

    Args:
        a: Values of the first setting, one per image; pairs that are not finite are left out.
        b: Values of the second one, for the same images in the same order.
        level: Coverage of the bootstrap interval, in (0, 1).
        resamples: Number of bootstrap resamples, drawn the same way in every call.

    Raises:
        ValueError: `a` and `b` differ in length.
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if first.shape != second.shape:
        raise ValueError(f"paired values must be equal in number, got {len(a)} and {len(b)}")
    known = np.isfinite(first) & np.isfinite(second)
    differences = first[known] - second[known]
    n = differences.size
    if n == 0:
        return PairedTest(0, math.nan, math.nan, math.nan, 1.0)
    low, high = _bootstrap_interval(differences, level, resamples)
    return PairedTest(n, float(differences.mean()), low, high, wilcoxon(differences))


def smallest_p(n: int) -> float:
    """Return the smallest two-sided p value of the signed-rank test on `n` pairs.

    >>> [n for n in range(9) if smallest_p(n) < 0.05][0]
    6
    """
    return min(1.0, 2.0 * 0.5**n)


def wilcoxon(differences: Values) -> float:
    """Return the two-sided p value of Wilcoxon's signed-rank test (Biometrics 1:80, 1945).

    Zero differences are dropped, equal magnitudes share their mean rank. Up to 200 pairs the
    distribution over all signs is exact, given the ties; above that a normal approximation with
    the variance ``Σ rank² / 4`` and a continuity correction.
    """
    finite = _finite(differences)
    nonzero = finite[finite != 0]
    if nonzero.size == 0:
        return 1.0
    doubled = _doubled_ranks(np.abs(nonzero))
    positive = int(doubled[nonzero > 0].sum())
    total = int(doubled.sum())
    extreme = min(positive, total - positive)
    if nonzero.size <= _EXACT_UP_TO:
        return float(min(1.0, 2.0 * _sign_distribution(doubled)[: extreme + 1].sum()))
    deviation = math.sqrt(float((doubled.astype(np.float64) ** 2).sum())) / 2
    z = (extreme + 1 - total / 2) / deviation  # ranks are doubled: half a rank is 1
    return float(min(1.0, math.erfc(-z / math.sqrt(2))))


def holm(p_values: Values) -> list[float]:
    """Return p values corrected for several comparisons by Holm's step-down method.

    Source: S. Holm, A simple sequentially rejective multiple test procedure, 1979. NaN stays NaN
    and does not count as a comparison.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    corrected = np.full(p.shape, np.nan)
    valid = np.flatnonzero(~np.isnan(p))
    order = valid[np.argsort(p[valid], kind="stable")]
    running = 0.0
    for rank, index in enumerate(order):
        running = max(running, min(1.0, float(p[index]) * (order.size - rank)))
        corrected[index] = running
    return [float(value) for value in corrected]


def omega_squared(values: Values, groups: Sequence[int]) -> float:
    """Return ω², the share of the variance that a grouping explains, corrected for its size.

    Source: W. L. Hays, Statistics for Psychologists, 1963. In [0, 1]; 0 where the grouping
    explains no more than chance would, or where nothing can be said.
    """
    x = np.asarray(values, dtype=np.float64)
    labels = np.asarray(groups)
    keep = np.isfinite(x)
    x, labels = x[keep], labels[keep]
    levels = np.unique(labels)
    total = float(((x - x.mean()) ** 2).sum()) if x.size else 0.0
    if total == 0 or levels.size < 2 or x.size <= levels.size:
        return 0.0
    within = sum(float(((x[labels == g] - x[labels == g].mean()) ** 2).sum()) for g in levels)
    noise = within / (x.size - levels.size)
    share = (total - within - (levels.size - 1) * noise) / (total + noise)
    return float(min(1.0, max(0.0, share)))


def _finite(values: Values) -> npt.NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    return array[np.isfinite(array)]


def _doubled_ranks(magnitudes: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Twice the mean ranks, so that ties keep them whole numbers."""
    _, inverse, counts = np.unique(magnitudes, return_inverse=True, return_counts=True)
    last = counts.cumsum()
    return np.asarray((2 * last - counts + 1)[inverse], dtype=np.int64)


def _sign_distribution(doubled: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Probability of each sum of positive (doubled) ranks when every sign is a fair coin."""
    chance = np.zeros(int(doubled.sum()) + 1)
    chance[0] = 1.0
    for rank in doubled:
        chance[rank:] += chance[:-rank].copy()
        chance *= 0.5
    return chance


def _bootstrap_interval(
    differences: npt.NDArray[np.float64], level: float, resamples: int
) -> tuple[float, float]:
    """Return the expanded percentile interval of the mean, NaN with fewer than two values."""
    n = differences.size
    if n < 2:
        return math.nan, math.nan
    means = _resampling(n, resamples) @ differences
    tail = 100 * expanded_tail(n, _t_quantile(0.5 + level / 2, n - 1))
    low, high = np.percentile(means, [tail, 100 - tail])
    return float(low), float(high)


@lru_cache(maxsize=8)
def _resampling(n: int, resamples: int) -> npt.NDArray[np.float64]:
    """Weights (resamples, n) of bootstrap means; the same for every comparison of n pairs."""
    generator = np.random.default_rng(0)
    return generator.multinomial(n, np.full(n, 1 / n), size=resamples) / n


@lru_cache(maxsize=256)
def _t_quantile(probability: float, degrees: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(degrees, probability))
