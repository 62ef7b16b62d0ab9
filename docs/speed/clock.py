"""CPU seconds of parts that take turns, so that what else runs meets all of them alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median


def by_turns(parts: Mapping[str, Callable[[], object]], rounds: int = 4) -> dict[str, float]:
    """Return the median CPU seconds of each part, after a turn that warms up."""
    taken: dict[str, list[float]] = {name: [] for name in parts}
    for turn in range(1 + rounds):
        for name, part in parts.items():
            started = time.process_time()
            part()
            if turn:
                taken[name].append(time.process_time() - started)
    return {name: median(seconds) for name, seconds in taken.items()}
