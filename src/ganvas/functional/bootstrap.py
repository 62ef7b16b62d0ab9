"""How wide a bootstrap interval of few values has to be."""

from __future__ import annotations

import math


def expanded_tail(count: int, t: float) -> float:
    """Return the share of resampled means that an interval leaves out at each end, in (0, 0.5).

    The plain percentiles of a small sample are too close together: of 8 values they hold the mean
    in 88 % of all cases instead of 95 %. So they are taken where the normal distribution has
    √(n / (n − 1)) times Student's t. With fewer than 6 values the interval stays too short, because
    no resample leaves their range.

    Args:
        count: n, at least 2.
        t: Where Student's t with n − 1 degrees of freedom ends an interval of the same coverage.

    Source: T. C. Hesterberg, What Teachers Should Know About the Bootstrap, 2015, section 5.3.

    >>> round(expanded_tail(8, 2.3646), 4), round(expanded_tail(10_000, 1.9602), 4)
    (0.0057, 0.025)
    """
    return math.erfc(math.sqrt(count / (count - 1)) * t / math.sqrt(2)) / 2
