"""Plain CSV files as a sink of the run's record: tidy tables for pandas, R or a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganvas.system.files import storage_errors, write_text
from ganvas.tracking.sink import Logger, Outcome, Row, RunInfo, Sink, rows_per_image


@dataclass(frozen=True)
class CSV(Logger):
    """CSV: `curve.csv` with a line per step and image, `final.csv` with a line per image."""

    def sink(self) -> Sink:
        """Return a sink that writes both files."""
        return CSVSink()


class CSVSink:
    """Two tables in the run's folder; a value that is missing or not finite is an empty cell."""

    def begin(self, info: RunInfo) -> None:
        """Start both tables afresh; the record is replayed into them."""
        self.images = info.images
        self.curve, self.final = info.folder / "curve.csv", info.folder / "final.csv"
        self.columns: list[str] = []
        self.lines: list[dict[str, Any]] = []
        for file in (self.curve, self.final):
            file.unlink(missing_ok=True)

    def log(self, row: Row, frames: dict[str, Path]) -> None:
        """Append one step; a stage with terms of its own adds columns to the whole table."""
        lines = rows_per_image(row, self.images)
        self.lines += lines
        new = [name for name in lines[0] if name not in self.columns]
        if new:
            self.columns += new
            write_text(self.curve, _table(self.columns, self.lines, head=True))
            return
        with storage_errors(self.curve), self.curve.open("a", encoding="utf-8", newline="") as file:
            file.write(_table(self.columns, lines))

    def end(self, outcome: Outcome) -> None:
        """Write the final values of a finished run."""
        lines = [{"image": k} | values for k, values in outcome.metrics.get("images", {}).items()]
        if lines:
            # An image may lack a metric that others have.
            columns = list(dict.fromkeys(name for line in lines for name in line))
            write_text(self.final, _table(columns, lines, head=True))


def _table(columns: list[str], lines: Iterable[dict[str, Any]], head: bool = False) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    if head:
        writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()
