"""A clock that jumps: Python imports this module where its folder is on PYTHONPATH.

The wall clock is set an hour forth or back, or a day, every few times that it is read. The
monotonic clock, which no one can set, goes on.
"""

import itertools
import time

_HOURS = itertools.cycle((0, 1, -1, 0, 24, -24, 0, 2))
_read = itertools.count()
_true, _true_ns = time.time, time.time_ns
_shift = 0


def _jump() -> int:
    global _shift
    if next(_read) % 5 == 0:
        _shift = 3600 * next(_HOURS)
    return _shift


time.time = lambda: _true() + _jump()
time.time_ns = lambda: _true_ns() + _jump() * 10**9
