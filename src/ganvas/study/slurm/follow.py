"""Submitting the jobs of a study, and following them until none is left in the queue."""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence
from pathlib import Path

from ganvas.config.compose import Resolver
from ganvas.errors import ConfigError, RunError
from ganvas.runner.signals import StopSignal
from ganvas.study.slurm.cluster import ENDED, GONE, reason, states
from ganvas.study.slurm.ledger import Entry, Ledger
from ganvas.study.slurm.settings import SlurmSettings
from ganvas.study.slurm.snapshot import take
from ganvas.study.slurm.worker import Work
from ganvas.study.task import JobObserver, Task, is_settled, mark
from ganvas.study.worker import THREADS

MOST_IN_ARRAY = 1000
"""SLURM's default MaxArraySize allows one more."""

SHORTEST, LONGEST = 0.5, 15.0
"""Seconds between two looks at the queue, while things change and while they do not."""

LAG = 60.0
"""Seconds until a file that was written on a node must be seen here, over a network's disk."""


def submit_all(
    tasks: list[Task], resolver: Resolver, queue: SlurmSettings, observer: JobObserver
) -> None:
    """Submit what is neither finished nor in the queue, and return when all have ended.

    Ctrl-C ends the watching only; the jobs stay.

    Raises:
        GanvasError: SLURM does not answer, or refuses the jobs.
    """
    waiting = [task for task in tasks if not is_settled(task)]
    observer.begun()
    if waiting:
        with StopSignal() as stop:
            SlurmExecutor(waiting, resolver, queue, observer, stop).work()


class SlurmExecutor:
    """The jobs in the queue and their runs.

    Args:
        tasks: The jobs to do.
        resolver: Composes the jobs whose plan was known.
        queue: What each of them asks for.
        observer: Where it is shown.
        stop: The flag of Ctrl-C and SIGTERM.
    """

    def __init__(
        self,
        tasks: list[Task],
        resolver: Resolver,
        queue: SlurmSettings,
        observer: JobObserver,
        stop: StopSignal,
    ) -> None:
        self.tasks, self.resolver, self.queue = tasks, resolver, queue
        self.observer, self.stop = observer, stop
        self.ledger = Ledger(tasks[0].planned.final.path.parent)
        self.followed: dict[str, tuple[Entry, Task]] = {}
        self.ended_at: dict[str, float] = {}

    def work(self) -> None:
        """Submit, and follow until all jobs have ended."""
        self._find()
        self._submit()
        pause = SHORTEST
        while self.followed and not self.stop.requested:
            self._pause(pause)
            pause = SHORTEST if self._look() else min(1.5 * pause, LONGEST)
            self.observer.draw()
        if self.followed:
            masters = " ".join(sorted({job.partition("_")[0] for job in self.followed}))
            self.observer.say(
                f"{len(self.followed)} jobs stay in the queue: the same command follows them, "
                f"`scancel {masters}` ends them"
            )
        self._tidy()

    def _find(self) -> None:
        """Follow the jobs that an earlier launcher has submitted."""
        entries = {entry.run: entry for entry in self.ledger.read()}
        if not entries:
            return
        state_of = states(entry.job for entry in entries.values())
        if state_of is None:
            raise RunError("SLURM's controller does not answer; nothing was submitted")
        for task in self.tasks:
            entry = entries.get(_run_path(task))
            if entry and state_of[entry.job] != GONE and state_of[entry.job] not in ENDED:
                self._follow(entry, task)
                self.observer.state_changed(task)

    def _follow(self, entry: Entry, task: Task) -> None:
        task.state, task.note = "queued", f"job {entry.job}"
        self.followed[entry.job] = entry, task

    def _submit(self) -> None:
        due = [task for task in self.tasks if task.state == "waiting"]
        if not due:
            return
        submission = self.ledger.open()
        snapshot = take(submission / "code", self.resolver.user_dirs)
        setup = [
            f"export PYTHONPATH={shlex.quote(str(snapshot.path))}${{PYTHONPATH:+:$PYTHONPATH}}",
            *(f"export {name}={self.queue.threads}" for name in THREADS),
        ]
        jobs: dict[str, str] = {}
        by_run = {_run_path(task): task for task in due}
        for first in range(0, len(due), MOST_IN_ARRAY):
            some = due[first : first + MOST_IN_ARRAY]
            for task in some:
                task.planned.working.path.mkdir(parents=True, exist_ok=True)
            works = [
                Work(t.planned.resolved(self.resolver), snapshot.folders, self.queue.threads)
                for t in some
            ]
            ids = submit(works, submission, self.queue, setup, self.ledger.folder.parent.name)
            jobs |= dict(zip(ids, map(_run_path, some), strict=True))
            # After each array, so that a launcher that dies here leaves few that nobody knows.
            for entry in self.ledger.write(submission, jobs):
                self._follow(entry, by_run[entry.run])
        self.observer.say(f"submitted {len(due)} jobs; their output is in {submission}")

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.stop.requested:
            time.sleep(0.1)

    def _look(self) -> bool:
        """Take note of what has changed in the queue; return whether anything has."""
        state_of = states(self.followed)
        changed = False
        for job, state in (state_of or {}).items():
            entry, task = self.followed[job]
            if state in ENDED or state == GONE:
                if self._ended(entry, task, state):
                    del self.followed[job]
                    changed = True
                continue
            now = "running" if state in ("RUNNING", "COMPLETING") else "queued"
            changed |= now != task.state
            task.state = now
        return changed

    def _ended(self, entry: Entry, task: Task, state: str) -> bool:
        """Set how a job ended; return False where its record may still be on its way here."""
        planned = task.planned
        folder = planned.working if planned.working.path.exists() else planned.final
        status = folder.status
        recorded = str(status.get("state", "new"))
        if recorded in ("new", "running"):
            first = self.ended_at.setdefault(entry.job, time.monotonic())
            if state in ("COMPLETED", GONE) and time.monotonic() - first < LAG:
                return False
            reports = [f"SLURM's job {entry.job}", entry.last_words(), reason(entry.job)]
            error = ": ".join(words for words in reports if words)
            mark(folder, state="failed", error=error)
            recorded = "failed"
        task.state = recorded
        task.note = folder.error if recorded == "failed" else ""
        self.observer.state_changed(task)
        return True

    def _tidy(self) -> None:
        """Delete the programs of submissions whose jobs have all ended."""
        entries = [e for e in self.ledger.read() if (e.submission / "code").exists()]
        state_of = states(entry.job for entry in entries) if entries else {}
        if state_of is None:
            return
        alive = {e.submission for e in entries if state_of[e.job] not in ENDED | {GONE}}
        for entry in entries:
            if entry.submission not in alive:
                self.ledger.drop_code(entry)


def submit(
    works: Sequence[Work], folder: Path, queue: SlurmSettings, setup: list[str], study: str
) -> list[str]:
    """Submit jobs as one array and return their ids.

    Raises:
        ConfigError: SLURM refuses them.
    """
    from submitit import SlurmExecutor
    from submitit.core.utils import FailedJobError

    executor = SlurmExecutor(folder, max_num_timeout=queue.max_num_timeout)
    executor.update_parameters(job_name=f"ganvas-{study}", **queue.parameters(len(works), setup))
    try:
        with executor.batch():
            jobs = [executor.submit(work) for work in works]
    except FailedJobError as error:
        lines = [line for line in str(error).splitlines() if "sbatch: error" in line]
        message = lines[0] if lines else str(error).splitlines()[0]
        raise ConfigError(f"hydra.launcher: {message.strip()}") from error
    return [str(job.job_id) for job in jobs]


def _run_path(task: Task) -> str:
    return str(task.planned.working.path.absolute())
