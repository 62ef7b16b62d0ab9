"""The jobs of a study as processes on this machine, so many at a time."""

from __future__ import annotations

import os
import signal
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

from ganvas.config.compose import Resolver
from ganvas.runner.directory import RunDirectory
from ganvas.runner.signals import StopSignal
from ganvas.study.settings import LocalSettings
from ganvas.study.task import JobObserver, Task, ended_state, is_settled, mark
from ganvas.study.worker import Lock, server, work
from ganvas.system.memory import resident_mib

PAUSE = 0.1
LOOK_ELSEWHERE = 1.0
GRACE = 60.0
"""Seconds that a job has to save its state when the study is interrupted."""

INTERRUPTED = 130
MISTAKE = 2


@dataclass
class Slot:
    """A slot for one job at a time, with its GPU."""

    gpu: str | None
    task: Task | None = None
    process: ForkServerProcess | None = None
    killed_at_mib: int = 0


def execute_all(
    tasks: list[Task], resolver: Resolver, settings: LocalSettings, observer: JobObserver
) -> None:
    """Execute what is not finished; returns when nothing runs any more.

    Ctrl-C and SIGTERM ask the jobs to save their state; a second Ctrl-C kills them.
    """
    waiting = deque(task for task in tasks if not is_settled(task))
    observer.begun()
    if waiting:
        with server(settings.threads) as context, StopSignal() as stop:
            LocalExecutor(waiting, resolver, settings, observer, context, stop).work()


class LocalExecutor:
    """The processes at work and the jobs that wait for them.

    Args:
        waiting: The jobs to do.
        resolver: Composes the jobs whose plan was known.
        settings: How the jobs share the machine.
        observer: Where it is shown.
        context: Starts processes.
        stop: The flag of Ctrl-C and SIGTERM.
    """

    def __init__(
        self,
        waiting: deque[Task],
        resolver: Resolver,
        settings: LocalSettings,
        observer: JobObserver,
        context: ForkServerContext,
        stop: StopSignal,
    ) -> None:
        self.waiting, self.resolver, self.settings, self.observer = (
            waiting,
            resolver,
            settings,
            observer,
        )
        self.context, self.stop = context, stop
        self.slots = [Slot(gpu) for gpu in settings.slots()]
        self.elsewhere: list[Task] = []
        self.looked = 0.0

    def work(self) -> None:
        """Start, watch and end jobs until there are none."""
        try:
            while self.waiting or self.elsewhere or self._busy():
                if self.stop.requested:
                    break
                self._look_elsewhere()
                self._fill()
                self._pause()
                self._limit_memory()
                self._reap()
                self.observer.draw()
            self._let_finish()
        except BaseException:
            for slot in self._busy():
                kill(slot.process)
            raise

    def _busy(self) -> list[Slot]:
        return [slot for slot in self.slots if slot.task is not None]

    def _fill(self) -> None:
        """Give every free slot a job; jobs that others do on this machine take a slot, too."""
        here = sum(task.planned.working.is_worked_on_here() for task in self.elsewhere)
        free = [slot for slot in self.slots if slot.task is None]
        for slot in free[: max(0, len(free) - here)]:
            while self.waiting and slot.task is None:
                self._start(slot, self.waiting.popleft())

    def _start(self, slot: Slot, task: Task) -> None:
        folder = task.planned.working
        lock = folder.try_lock()
        if lock is None:
            self._set(task, "elsewhere", f"process {folder.status.get('pid')} is at work on it")
            self.elsewhere.append(task)
            return
        try:
            # Another launcher may have finished it since this one looked.
            if task.attempts == 0 and is_settled(task):
                self.observer.state_changed(task)
                return
            task.attempts += 1
            job = task.planned.resolved(self.resolver)
            process = self.context.Process(
                target=work,
                args=(job, self.resolver.user_dirs, Lock(lock), folder.path, slot.gpu,
                      self.settings.threads, task.attempts > 1),
            )  # fmt: skip
            process.start()
        finally:
            os.close(lock)
        slot.task, slot.process, slot.killed_at_mib = task, process, 0
        task.state = "running"

    def _pause(self) -> None:
        sentinels = [slot.process.sentinel for slot in self._busy() if slot.process]
        if sentinels:
            wait(sentinels, PAUSE)
        else:
            time.sleep(PAUSE)

    def _limit_memory(self) -> None:
        limit = self.settings.memory_mib
        for slot in self._busy() if limit is not None else ():
            assert slot.process is not None
            held = resident_mib(slot.process.pid or 0) or 0
            if held > (limit or 0) and not slot.killed_at_mib:
                slot.killed_at_mib = held
                kill(slot.process)

    def _reap(self) -> None:
        for slot in self._busy():
            process, task = slot.process, slot.task
            assert process is not None
            assert task is not None
            if process.exitcode is None:
                continue
            process.join()
            slot.task = slot.process = None
            self._ended(task, process.exitcode, slot.killed_at_mib)
            process.close()

    def _ended(self, task: Task, code: int, killed_at_mib: int) -> None:
        if code == 0:
            self._set(task, *ended_state(task.planned))
            return
        folder = task.planned.working
        # Before a job can save its state, the request to stop ends its process at once.
        if self.stop.requested and code == -signal.SIGTERM:
            mark(folder, state="interrupted", error=None)
            code = INTERRUPTED
        if code == INTERRUPTED:
            self._set(task, "interrupted")
            return
        if code == MISTAKE:
            # Found before the run began, which is then none; else it has recorded it itself.
            self._set(task, "failed", _last_line(folder.path / "worker.log"))
            return
        record_death(folder, code, killed_at_mib, self.settings.memory_mib)
        again = task.attempts <= self.settings.retries
        self._set(task, "failed", folder.error)
        if again:
            self._set(task, "waiting", "will be tried again")
            self.waiting.append(task)

    def _look_elsewhere(self) -> None:
        now = time.monotonic()
        if now - self.looked < LOOK_ELSEWHERE:
            return
        self.looked = now
        for task in [t for t in self.elsewhere if not t.planned.working.is_locked()]:
            self.elsewhere.remove(task)
            task.state, task.note = "waiting", ""
            self.waiting.appendleft(task)

    def _let_finish(self) -> None:
        """Ask the jobs that still run to save their state, and wait until they have."""
        if not self._busy():
            return
        self.observer.say("stopping: the jobs save their state (Ctrl-C again kills them)")
        for slot in self._busy():
            assert slot.process is not None
            slot.process.terminate()
        deadline = time.monotonic() + GRACE
        while self._busy():
            self._pause()
            self._reap()
            self.observer.draw()
            if time.monotonic() > deadline:
                for slot in self._busy():
                    kill(slot.process)

    def _set(self, task: Task, state: str, note: str = "") -> None:
        task.state, task.note = state, note
        self.observer.state_changed(task)


def kill(process: ForkServerProcess | None) -> None:
    """Kill a job's process and all that it has started."""
    if process is None or process.pid is None:
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    # Before it has a session of its own, there is no such group.
    process.kill()


def record_death(folder: RunDirectory, code: int, killed_at_mib: int, limit: int | None) -> None:
    """Write into a run's status how its process died, where the process could not do so itself."""
    status = folder.status
    if status.get("state") == "failed" and code > 0 and status.get("error"):
        return
    if killed_at_mib:
        error = f"killed: {killed_at_mib} MiB of memory, over memory_mib={limit}"
    elif code < 0:
        name = signal.Signals(-code).name
        error = f"killed by {name}" + (" (out of memory?)" if name == "SIGKILL" else "")
    else:
        error = _last_line(folder.path / "worker.log") or f"the process ended with code {code}"
    mark(folder, state="failed", error=error)


def _last_line(file: Path) -> str:
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return ""
    texts = [line.strip() for line in lines if line.strip()]
    return texts[-1].removeprefix("ganvas: ") if texts else ""
