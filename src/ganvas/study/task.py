"""A job of a study: how it stands, and who is told of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Protocol

from ganvas.runner.directory import RunDirectory
from ganvas.study.plan import Planned


@dataclass
class Task:
    """One job and how it stands.

    Attributes:
        planned: The job.
        state: waiting, queued (at SLURM), running, elsewhere (another process works on it),
            finished, pruned, failed or interrupted.
        attempts: Processes started for it in this launch.
        note: A remark about its state.
    """

    planned: Planned
    state: str = "waiting"
    attempts: int = 0
    note: str = ""


class JobObserver(Protocol):
    """Is notified when jobs change; see `ganvas.study.job_table.JobTable`."""

    def begun(self) -> None:
        """Take what is finished now as finished before."""

    def say(self, message: str) -> None:
        """Take one line."""

    def state_changed(self, task: Task) -> None:
        """Take note of a job whose state has changed."""

    def draw(self) -> None:
        """Show how things stand."""


def is_settled(task: Task) -> bool:
    """Return whether a job need not be executed, and set the state of one that need not."""
    if task.planned.force:
        return False
    run = task.planned.final
    state = run.status.get("state")
    if run.damage:
        return False
    if state == "finished" or (state == "failed" and not task.planned.retry_failed):
        task.state = str(state)
        return True
    return False


def ended_state(planned: Planned) -> tuple[str, str]:
    """Return the state that a job which raised no error has left in its folder, and its note."""
    if planned.working.status.get("state") == "pruned":
        return "pruned", ""
    # A repetition has taken the place of the result.
    status = planned.final.status
    if status.get("state") in ("finished", "pruned"):
        return str(status["state"]), ""
    return "failed", str(status.get("error") or "it ended without a result")


def mark(folder: RunDirectory, **changes: str | None) -> None:
    """Update a run's status, unless another process works on it."""
    lock = folder.try_lock()
    if lock is None:
        return
    try:
        folder.write_status(**changes)
    finally:
        os.close(lock)
