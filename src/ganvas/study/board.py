"""The live table of a study's jobs."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from ganvas.study.local import Task

STYLES = {
    "finished": "green",
    "failed": "red",
    "interrupted": "yellow",
    "pruned": "yellow",
    "running": "cyan",
}
MOST_FAILURES = 20
MOST_ROWS = 40


class Board:
    """Shows the jobs at work and a count of the others; plain lines where there is no terminal.

    Args:
        tasks: All jobs of the study.
    """

    def __init__(self, tasks: Sequence[Task]) -> None:
        self.tasks = tasks
        self.console = Console(stderr=True, soft_wrap=True, highlight=False)
        self.live = Live(console=self.console, auto_refresh=False, transient=True)
        self.started = self.drawn = time.monotonic()
        self.common = set.intersection(*(set(t.planned.overrides) for t in tasks))
        self.before = 0

    def __enter__(self) -> Board:
        self.live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.live.stop()

    def begun(self) -> None:
        """Take what is finished now as finished before."""
        self.before = sum(task.state == "finished" for task in self.tasks)
        if self.before:
            self.say(f"{self.before} of {len(self.tasks)} runs are finished already")

    def say(self, message: str) -> None:
        """Print one line above the table."""
        self.console.print(message, markup=False)

    def told(self, task: Task) -> None:
        """Print one line about a job whose state has changed."""
        if task.state != "finished" or not self.console.is_terminal:
            note = f"  {task.note}" if task.note else ""
            self.say(f"{task.state:<11} {self.words(task)}{note}")

    def draw(self) -> None:
        """Draw the table again, at most four times a second."""
        now = time.monotonic()
        if not self.console.is_terminal or now - self.drawn < 0.25:
            return
        self.drawn = now
        table = Table(box=None, pad_edge=False)
        for title in ("state", "pid", "step", "s", "run"):
            table.add_column(title, justify="right" if title in ("pid", "step", "s") else "left")
        at_work = [task for task in self.tasks if task.state in ("running", "elsewhere")]
        for task in at_work[:MOST_ROWS]:
            status = task.planned.working.status
            table.add_row(
                Text(task.state, STYLES.get(task.state, "")),
                str(status.get("pid", "")),
                f"{status.get('step', 0)}/{task.planned.steps}",
                f"{status.get('seconds', 0):.0f}",
                Text(self.words(task)),
            )
        self.live.update(Group(table, Text(self.counts())), refresh=True)

    def words(self, task: Task) -> str:
        """Return what tells a job from the others."""
        own = [word for word in task.planned.overrides if word not in self.common]
        return " ".join(own) or task.planned.final.path.name

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
        seconds = time.monotonic() - self.started
        self.say(f"{self.counts()} ({self.before} before), {seconds:.0f} s")
