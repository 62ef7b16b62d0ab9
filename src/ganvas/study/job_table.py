"""The live table of a study's jobs."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ganvas.runner.progress import LINE_EVERY, duration

if TYPE_CHECKING:
    from ganvas.study.task import Task

STYLES = {
    "finished": "green",
    "failed": "red",
    "interrupted": "yellow",
    "pruned": "yellow",
    "running": "cyan",
}
MOST_FAILURES = 20
MOST_ROWS = 40
REDRAW_EVERY = 0.25
"""Seconds between two drawings of the table in a terminal."""


class JobTable:
    """Shows the jobs at work, a count of the others, and the time that is left.

    Where there is no terminal, it prints a line for each job at work every 30 seconds.

    Args:
        tasks: All jobs of the study.
        console: Where; None: standard error.
        clock: Returns seconds.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        console: Console | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.tasks = tasks
        self.console = console or Console(stderr=True, soft_wrap=True, highlight=False)
        self.live = Live(console=self.console, auto_refresh=False, transient=True)
        self.clock = clock
        self.started = self.drawn = clock()
        self.common = set.intersection(*(set(t.planned.overrides) for t in tasks))
        self.before = 0
        self._settled: set[str] = set()
        self._continued_at: dict[str, int] = {}

    def __enter__(self) -> JobTable:
        self.live.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.live.stop()

    def begun(self) -> None:
        """Take what is finished now as finished before, and show the first table."""
        self.before = sum(task.state == "finished" for task in self.tasks)
        self._settled = {t.planned.path for t in self.tasks if t.state in ("finished", "failed")}
        if self.before:
            self.say(f"{self.before} of {len(self.tasks)} runs are finished already")
        if self.console.is_terminal and len(self._settled) < len(self.tasks):
            self.live.update(Text(f"loading…  {self.counts()}"), refresh=True)

    def say(self, message: str) -> None:
        """Print one line above the table."""
        self.console.print(message, markup=False)

    def state_changed(self, task: Task) -> None:
        """Print one line about a job whose state has changed."""
        if task.state != "finished" or not self.console.is_terminal:
            note = f"  {task.note}" if task.note else ""
            self.say(f"{task.state:<11} {self.words(task)}{note}")

    def draw(self) -> None:
        """Draw the table again, at most four times a second; or print a line per job at work."""
        now = self.clock()
        if now - self.drawn < (REDRAW_EVERY if self.console.is_terminal else LINE_EVERY):
            return
        self.drawn = now
        at_work = [task for task in self.tasks if task.state in ("running", "elsewhere")]
        statuses = [(task, task.planned.working.status) for task in at_work]
        for task, status in statuses:
            # A run that goes on where it stopped has done nothing yet.
            self._continued_at.setdefault(task.planned.path, int(status.get("step", 0)))
        if self.console.is_terminal:
            left = self._study_left(statuses)
            footer = Text(self.counts() + (f"  {left} left" if left else ""))
            self.live.update(Group(self._table(statuses), footer), refresh=True)
        else:
            for task, status in statuses:
                self.say(self._line(task, status))

    def _table(self, statuses: Sequence[tuple[Task, dict[str, Any]]]) -> Table:
        table = Table(box=None, pad_edge=False)
        for title in ("state", "pid", "step", "psnr", "s", "left", "run"):
            table.add_column(title, justify="left" if title in ("state", "run") else "right")
        for task, status in statuses[:MOST_ROWS]:
            step = int(status.get("step", 0))
            psnr = status.get("psnr")
            loading = task.state == "running" and not step
            table.add_row(
                Text("loading…" if loading else task.state, STYLES.get(task.state, "")),
                str(status.get("pid", "")),
                f"{step}/{task.planned.steps}",
                "" if psnr is None else f"{psnr:.1f}",
                f"{status.get('seconds') or 0:.0f}",
                _run_left(task, status),
                Text(self.words(task)),
            )
        return table

    def _line(self, task: Task, status: dict[str, Any]) -> str:
        number = self.tasks.index(task) + 1
        psnr = status.get("psnr")
        measured = "" if psnr is None else f"  psnr {psnr:.1f}"
        return (
            f"{number}/{len(self.tasks)}  step {status.get('step', 0)}/{task.planned.steps}"
            f"{measured}  eta {_run_left(task, status) or '?'}  {self.words(task)}"
        )

    def _study_left(self, statuses: Sequence[tuple[Task, dict[str, Any]]]) -> str:
        """Return the time left for the study, at the pace of its steps since it was started.

        The pace counts what is done side by side, and what jobs do beside their steps.
        """
        at_work = {task.planned.path: int(status.get("step", 0)) for task, status in statuses}
        done = to_do = 0
        for task in self.tasks:
            if task.planned.path in self._settled:
                continue
            base = self._continued_at.get(task.planned.path, 0)
            over = task.state not in ("waiting", "running", "elsewhere", "queued")
            now = task.planned.steps if over else at_work.get(task.planned.path, base)
            done += now - base
            to_do += task.planned.steps - now
        if done <= 0:
            return ""
        return duration((self.clock() - self.started) * to_do / done)

    def words(self, task: Task) -> str:
        """Return what tells a job from the others."""
        differing = [word for word in task.planned.overrides if word not in self.common]
        return " ".join(differing) or task.planned.final.path.name

    def counts(self) -> str:
        """Return how many jobs are in each state."""
        count = Counter(task.state for task in self.tasks)
        words = [f"{number} {state}" for state, number in count.most_common()]
        return f"{len(self.tasks)} runs: {', '.join(words)}"

    def summary(self) -> None:
        """Print how the study ended, with the error of each run that failed."""
        failed = [task for task in self.tasks if task.state == "failed"]
        for task in failed[:MOST_FAILURES]:
            error = task.note or task.planned.working.error
            self.say(f"failed  {task.planned.path}\n        {error}")
        if len(failed) > MOST_FAILURES:
            self.say(f"… and {len(failed) - MOST_FAILURES} more")
        seconds = self.clock() - self.started
        self.say(f"{self.counts()} ({self.before} before), {seconds:.0f} s")
        if any(task.state == "finished" for task in self.tasks):
            study = self.tasks[0].planned.final.path.parent
            self.say(f"next: ganvas report {study_name(study)}")


def study_name(study: Path) -> str:
    """Return how commands name a study: short where it lies in outputs/.

    >>> study_name(Path("outputs/first")), study_name(Path("elsewhere/first"))
    ('first', 'elsewhere/first')
    """
    return study.name if study.parent == Path("outputs") else str(study)


def _run_left(task: Task, status: dict[str, Any]) -> str:
    """Return the time left for one run, at its own pace; "" before its first step."""
    step, seconds = int(status.get("step", 0)), status.get("seconds")
    if not step or not seconds:
        return ""
    return duration(seconds / step * (task.planned.steps - step))
