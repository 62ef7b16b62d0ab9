"""CPU seconds of parts that take turns, so that what else runs meets all of them alike."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
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


def of_command(words: Sequence[str]) -> float:
    """Return the CPU seconds of a command and of what it starts; raise where it fails."""
    before = os.times()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = os.times()
    return (after.children_user + after.children_system) - (
        before.children_user + before.children_system
    )
