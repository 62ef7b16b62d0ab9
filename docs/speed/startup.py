"""What an answer costs before anything is optimised: CPU seconds of whole commands, warm."""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median

from first_hour import TINY, Step, walk
from speed.table import Rows, table

COMMANDS = {
    "`ganvas --help`": Step("help", "--help", "", 0.3),
    "`ganvas run --help loss`": Step("group", "run --help loss", "", 1),
    "`ganvas run --cfg job`": Step("job", "run --cfg job", "", 1),
    "a tiny run of four steps": Step("tiny", f"run {TINY} force=true", "", 6),
    "`ganvas run`, until its first step is done":
        Step("first", "run", "", 10, terminal=True, until=r"\b1/80"),
}  # fmt: skip
TURNS = 4


def measure() -> Rows:
    """Return the median CPU seconds of each command, after one that warms up."""
    source = Path(__file__).resolve().parents[2]
    rows: Rows = []
    for name, step in COMMANDS.items():
        taken = []
        for _ in range(TURNS):
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                taken.append(walk(step, source, Path(folder))[0])
        rows.append({"command": name, "seconds": median(taken[1:])})
    return rows


def page(rows: Rows) -> str:
    """Return the table of the page."""
    return table(("command", "CPU s"), [(r["command"], f"{r['seconds']:.2f}") for r in rows])
