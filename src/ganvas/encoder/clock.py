"""How far a training is: in steps, or in a time that it may take."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass
class Clock:
    """Progress of a training that ends after so many steps or seconds, whatever comes first.

    Attributes:
        steps: All steps.
        seconds: All seconds; None: as many as it takes, and progress does not depend on time.
        before: Seconds that were spent before an interruption.
    """

    steps: int
    seconds: float | None
    before: float
    begun: float = field(default_factory=time.monotonic)

    def elapsed(self) -> float:
        """Return the seconds that were spent so far."""
        return self.before + time.monotonic() - self.begun

    def progress(self, step: int) -> float:
        """Return how far the training is before step `step`, in [0, 1]."""
        done = step / self.steps
        if self.seconds is not None:
            done = max(done, self.elapsed() / self.seconds)
        return min(1.0, done)
