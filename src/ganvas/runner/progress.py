"""How far a run is: bars in a terminal, elsewhere a line every 30 seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import NoReturn

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from ganvas.errors import Interrupted
from ganvas.system.streams import let_go

Clock = Callable[[], float]

LINE_EVERY = 30.0
"""Seconds between two lines where there is no terminal."""


class TimeLeft:
    """Seconds per step of a stage, and what they make of the steps that are left.

    The first step of a process warms caches and is not counted, so that a pace is known after two.

    Args:
        done: Steps that earlier processes did.
        clock: Returns seconds.
    """

    def __init__(self, done: int, clock: Clock) -> None:
        self.done, self.clock = done, clock
        self._first: tuple[int, float] | None = None
        self._last = 0.0

    def step(self, done: int) -> None:
        """Take note that `done` steps of the stage are done."""
        if done <= self.done:
            return
        self.done, self._last = done, self.clock()
        if self._first is None:
            self._first = done, self._last

    @property
    def seconds(self) -> float | None:
        """Seconds per step; None before the second step."""
        if self._first is None or self.done == self._first[0]:
            return None
        return (self._last - self._first[1]) / (self.done - self._first[0])


class Bar:
    """Shows a run's stages: step, PSNR, and the time that is left.

    Args:
        enabled: Show anything but what is said.
        console: Where; None: standard output.
        clock: Returns seconds.
    """

    def __init__(
        self, enabled: bool, console: Console | None = None, clock: Clock = time.monotonic
    ) -> None:
        self.console = console or _console()
        self.clock = clock
        self.enabled = enabled
        self.in_terminal = enabled and (self.console.is_terminal or self.console.is_jupyter)
        self._progress = Progress(
            TextColumn("[bold]{task.description:>12}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("[cyan]{task.fields[info]:>10}"),
            TextColumn("[cyan]{task.fields[left]:>8}"),
            disable=not self.in_terminal,
            expand=False,
            console=self.console,
        )
        self._loading: TaskID | None = None
        self._tasks: dict[str, TaskID] = {}
        self._steps: dict[str, int] = {}
        self._info = ""
        self._pace = TimeLeft(0, clock)
        self._printed = clock()

    def __enter__(self) -> Bar:
        self._progress.start()
        self._loading = self._progress.add_task("loading…", total=None, info="", left="")
        self._progress.refresh()
        return self

    def __exit__(self, *error: object) -> None:
        self._loaded()
        self._progress.stop()

    def say(self, message: str) -> None:
        """Print one line above the bars."""
        self.console.print(message, highlight=False, markup=False, soft_wrap=True)

    def plan(self, steps: Mapping[str, int]) -> None:
        """Take the steps of each stage that optimises, in their order."""
        self._steps = dict(steps)

    def start(self, name: str, total: int, done: int = 0) -> None:
        """Begin a stage."""
        self._loaded()
        self._steps[name] = total
        self._pace, self._info = TimeLeft(done, self.clock), ""
        self._tasks[name] = self._progress.add_task(
            name, total=total, completed=done, info="", left=""
        )

    def step(self, name: str, done: int) -> None:
        """Take note that `done` steps of a stage are done; called after each of them."""
        self._pace.step(done)
        left = self._left(name, done)
        self._progress.update(self._tasks[name], completed=done, left=left)
        if self.enabled and not self.in_terminal and self.clock() - self._printed >= LINE_EVERY:
            self._printed = self.clock()
            self.say(self._line(name, done, left))

    def update(self, name: str, info: str) -> None:
        """Show what was measured last, such as "21.3 dB"."""
        self._info = info
        self._progress.update(self._tasks[name], info=info)

    def _line(self, name: str, done: int, left: str) -> str:
        number, stages = list(self._steps).index(name) + 1, len(self._steps)
        psnr = f"  psnr {self._info.removesuffix(' dB')}" if self._info else ""
        return f"{number}/{stages} {name}  step {done}/{self._steps[name]}{psnr}  eta {left or '?'}"

    def _left(self, name: str, done: int) -> str:
        """Return the time left for this stage and those after it, at this stage's pace."""
        if self._pace.seconds is None:
            return ""
        names = list(self._steps)
        later = sum(self._steps[stage] for stage in names[names.index(name) + 1 :])
        return duration(self._pace.seconds * (self._steps[name] - done + later))

    def _loaded(self) -> None:
        if self._loading is not None:
            self._progress.remove_task(self._loading)
            self._loading = None


def duration(seconds: float) -> str:
    """Return seconds as a clock shows them.

    >>> duration(7), duration(130), duration(7384)
    ('0:07', '2:10', '2:03:04')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class RunConsole(Console):
    """A console whose reader may go away: that interrupts the run."""

    def on_broken_pipe(self) -> NoReturn:
        """Let what is still buffered go nowhere, and interrupt.

        Raises:
            Interrupted: Always.
        """
        self.quiet = True
        let_go(self.file)
        raise Interrupted("nobody reads what it prints; the same command continues")


def _console() -> Console:
    """Return rich's console; in a notebook without ipywidgets one that does not move its cursor.

    rich would print a warning there at every update, and a notebook shows no cursor movements.
    """
    console = RunConsole()
    if console.is_jupyter and find_spec("ipywidgets") is None:
        return RunConsole(force_jupyter=False, force_terminal=False)
    return console
