"""What a job of the array does on its node."""

from __future__ import annotations

import logging
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from ganvas.config.compose import Job
from ganvas.errors import GanvasError, Interrupted

TIME_IS_UP = signal.SIGUSR2
"""What SLURM sends some time before the limit, at submitit's request."""


@dataclass(frozen=True)
class Work:
    """One job; submitit pickles it, and pickles it again when the job goes back into the queue.

    Attributes:
        job: The job, resolved.
        folders: The user's own folders, beside whose options their modules lie.
        threads: CPU threads.
    """

    job: Job
    folders: tuple[Path, ...]
    threads: int

    def __call__(self) -> None:
        """Execute the run and leave with its exit code, or go back into the queue."""
        for folder in self.folders:
            sys.path.insert(0, str(folder))
        logging.getLogger("ganvas").propagate = False
        # For the provenance: not submitit's command but the run's.
        sys.argv = ["ganvas", "run", *self.job.overrides]
        import torch

        from ganvas.runner.job import execute

        torch.set_num_threads(self.threads)
        with Deadline() as deadline:
            try:
                execute(self.job)
            except Interrupted as error:
                print(f"ganvas: {error}", flush=True)
                if deadline.passed:
                    deadline.requeue()
                sys.exit(error.exit_code)
            except GanvasError as error:
                print(f"ganvas: {error}", flush=True)
                sys.exit(error.exit_code)

    def checkpoint(self) -> Any:
        """Return what to do after the requeue, for submitit: the same, for the run is saved."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)


class Deadline:
    """A context in which a run that is out of time is asked to save its state, as by Ctrl-C.

    Submitit's own handler would requeue in the middle of a step. Here it is called when the run has
    stopped; only where no run is at work that could stop, at once.

    Attributes:
        passed: Whether time is up.
    """

    def __init__(self) -> None:
        self.passed = False
        self._requeue: Any = None
        self._idle: Any = None

    def __enter__(self) -> Deadline:
        self._idle = signal.getsignal(signal.SIGTERM)
        self._requeue = signal.signal(TIME_IS_UP, self._handle)
        return self

    def __exit__(self, *error: object) -> None:
        signal.signal(TIME_IS_UP, self._requeue)

    def requeue(self) -> None:
        """Put the job back into the queue and end the process.

        Raises:
            UncompletedJobError: submitit's, when that has happened too often.
        """
        self._requeue(TIME_IS_UP, None)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.passed = True
        if signal.getsignal(signal.SIGTERM) == self._idle:
            self.requeue()
        else:
            os.kill(os.getpid(), signal.SIGTERM)
