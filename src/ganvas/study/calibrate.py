"""How long a study will take, measured on a few steps of its first job."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ganvas.config.compose import Resolver
from ganvas.errors import RunError
from ganvas.study.local import execute_all
from ganvas.study.plan import Planned, plan
from ganvas.study.settings import LocalSettings
from ganvas.study.task import Task

STEPS = 4


@dataclass(frozen=True)
class JobCost:
    """How fast one job goes.

    Attributes:
        overhead: Seconds of a job beside its steps: loading, measuring, saving.
        step: Seconds per step.
    """

    overhead: float
    step: float

    def seconds(self, jobs: Sequence[Planned], side_by_side: int) -> float:
        """Return how long the jobs take, so many at a time."""
        alone = [self.overhead + self.step * job.steps for job in jobs]
        places = min(side_by_side, max(1, len(jobs)))
        return max(sum(alone) / places, max(alone, default=0.0))


class _Silent:
    """An observer that shows nothing."""

    def begun(self) -> None: ...

    def say(self, message: str) -> None: ...

    def state_changed(self, task: Task) -> None: ...

    def draw(self) -> None: ...


def calibrate(job: Sequence[str], resolver: Resolver, settings: LocalSettings) -> JobCost:
    """Run a few steps of each stage of `job` in a temporary folder.

    Raises:
        RunError: The job fails already there.
    """
    config = resolver.resolve(job).config
    stages = config["edit"]["stages"]
    # A logger takes its time, too, which is measured; but nothing of this is sent.
    logger = ["logger.mode=offline"] if config["logger"].get("mode") == "online" else []
    steps = {name: stage["steps"] for name, stage in stages.items() if "steps" in stage}
    with tempfile.TemporaryDirectory(prefix="ganvas-calibration-") as folder:
        # The first job also starts the server of processes, which then serves the study, and reads
        # weights from a cold disk.
        for most in (1, STEPS):
            fewer = [f"edit.stages.{name}.steps={min(most, n)}" for name, n in steps.items()]
            words = [*job, *fewer, f"output={folder}", "force=false", *logger]
            wall, metrics = _measured(plan([words], resolver)[0], resolver, settings)
    fitted = [stage for stage in metrics["stages"].values() if stage["steps"]]
    seconds = sum(stage["seconds"] for stage in fitted)
    done = sum(stage["steps"] for stage in fitted)
    return JobCost(max(0.0, wall - seconds), seconds / done if done else 0.0)


def _measured(
    job: Planned, resolver: Resolver, settings: LocalSettings
) -> tuple[float, dict[str, Any]]:
    """Execute one job; return its seconds on the wall and its `metrics.json`."""
    task = Task(job)
    started = time.monotonic()
    execute_all([task], resolver, replace(settings, jobs=1), _Silent())
    wall = time.monotonic() - started
    if task.state != "finished":
        raise RunError(f"calibration: {task.note or task.state}")
    return wall, job.final.metrics


def duration(seconds: float) -> str:
    """Return a duration for people.

    >>> duration(42), duration(600), duration(9000)
    ('42 s', '10 min', '2.5 h')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
