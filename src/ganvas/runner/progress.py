"""The progress bar: stage, step, PSNR, time left."""

from __future__ import annotations

from importlib.util import find_spec
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class Bar:
    """One line per stage; silent when `enabled` is False."""

    def __init__(self, enabled: bool) -> None:
        self._progress = Progress(
            TextColumn("[bold]{task.description:>12}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("[cyan]{task.fields[info]:>10}"),
            TimeRemainingColumn(elapsed_when_finished=True),
            disable=not enabled,
            expand=False,
            console=_console(),
        )
        self._tasks: dict[str, object] = {}

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def say(self, message: str) -> None:
        """Print one line above the bars."""
        self._progress.console.print(message, highlight=False, markup=False, soft_wrap=True)

    def start(self, name: str, total: int, done: int = 0) -> None:
        """Add a line."""
        self._tasks[name] = self._progress.add_task(name, total=total, completed=done, info="")

    def update(self, name: str, done: int, info: str = "") -> None:
        """Move a line."""
        self._progress.update(self._tasks[name], completed=done, info=info)  # type: ignore[arg-type]


def _console() -> Console:
    """Return rich's console; in a notebook without ipywidgets one that does not move its cursor.

    rich would print a warning there at every update, and a notebook shows no cursor movements.
    """
    found = Console()
    if found.is_jupyter and find_spec("ipywidgets") is None:
        return Console(force_jupyter=False, force_terminal=False)
    return found
