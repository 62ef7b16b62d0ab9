"""What a part of the campaign found: a table, and the faults, each with what repeats it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Part:
    """One part of the campaign at work.

    Attributes:
        name: Its name on the command line.
        seed: What all that it draws follows from.
        count: How many disturbances it is asked for.
        short: Whether it is the short form of the test suite.
        folder: An empty folder to work in.
        deadline: When it is to come to an end, by `time.monotonic`.
        rows: Its table, the head first.
        faults: What went wrong, a line each.
        note: A sentence below the table.
    """

    name: str
    seed: int
    count: int
    short: bool
    folder: Path
    deadline: float
    rows: list[Sequence[str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    note: str = ""

    @property
    def time_is_up(self) -> bool:
        """Whether the part has used its time."""
        return time.monotonic() > self.deadline

    def fault(self, line: str) -> None:
        """Take note of something that went wrong, and say it at once."""
        self.faults.append(line)
        print(f"  fault: {line}", flush=True)

    def markdown(self) -> str:
        """Return the table, the note and the faults as Markdown."""
        head, *rows = self.rows
        lines = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
        if self.note:
            lines += ["", self.note]
        if self.faults:
            lines += ["", "Faults:", "", *(f"- {line}" for line in self.faults)]
        return "\n".join(lines)
