"""Tables as text, Markdown, LaTeX, CSV and Parquet."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ganvas.analysis.table import SIGNIFICANT, Row, Table, Value
from ganvas.errors import ConfigError
from ganvas.system.files import replacing

_LATEX = {
    "_": r"\_", "%": r"\%", "&": r"\&", "#": r"\#", "$": r"\$", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}", "±": r"$\pm$",
}  # fmt: skip


def text(table: Table) -> str:
    """Lay a table out for the terminal; the best value of a column is marked by ``<``."""
    cells = [_head(table), *(_words(table, row, "{} <") for row in table.rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    lines = ["  ".join(w.ljust(n) for w, n in zip(line, widths, strict=True)) for line in cells]
    lines.insert(1, "  ".join("─" * n for n in widths))
    return "\n".join([*(line.rstrip() for line in lines), "", *_notes(table, "<")]) + "\n"


def markdown(table: Table) -> str:
    """Lay a table out in Markdown; the best value of a column is bold."""
    rows = [_head(table), *(_words(table, row, "**{}**") for row in table.rows)]
    lines = ["| " + " | ".join(word.replace("|", r"\|") for word in row) + " |" for row in rows]
    lines.insert(1, "|" + "---|" * len(rows[0]))
    notes = [f"- {note}" for note in _notes(table, "bold")]
    return "\n".join([*lines, "", *notes]) + "\n"


def latex(table: Table) -> str:
    """Lay a table out in LaTeX, for the package booktabs; the best value of a column is bold."""

    def line(words: list[str]) -> str:
        # After the line before, [4] would be an argument, and * one of its own.
        shield = "{}" if words[0].startswith(("[", "*")) else ""
        return shield + " & ".join(words) + r" \\"

    head = [_escaped(word) for word in _head(table)]
    rows = [_words(table, row, "\0{}\1", _escaped) for row in table.rows]
    body = [line([w.replace("\0", r"\textbf{").replace("\1", "}") for w in row]) for row in rows]
    columns = "l" * len(table.axes) + "r" * (len(head) - len(table.axes))
    lines = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", line(head), r"\midrule", *body,
             r"\bottomrule", r"\end{tabular}"]  # fmt: skip
    return "\n".join([*lines, *(f"% {note}" for note in _notes(table, "bold"))]) + "\n"


def records(table: Table) -> list[dict[str, Any]]:
    """Return one plain record per setting and metric."""
    rows: list[dict[str, Any]] = []
    for row in table.rows:
        levels: dict[str, Any] = dict(zip(table.axes, row.levels, strict=True))
        for metric, value in row.values.items():
            test = value.test
            rows.append(levels | {
                "runs": row.runs, "metric": metric, "images": value.interval.n,
                "mean": _finite(value.interval.mean), "low": _finite(value.interval.low),
                "high": _finite(value.interval.high),
                "difference": _finite(test.difference) if test else None,
                "difference_low": _finite(test.low) if test else None,
                "difference_high": _finite(test.high) if test else None,
                "p": test.p if test else None, "p_corrected": _finite(value.p),
                "best": value.best,
            })  # fmt: skip
    return rows


def as_csv(table: Table) -> str:
    """Lay a table out as CSV, one line per setting and metric."""
    stream = io.StringIO()
    rows = records(table)
    writer = csv.DictWriter(stream, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def write_parquet(table: Table, file: Path) -> None:
    """Write a table as Parquet, one row per setting and metric.

    Raises:
        ConfigError: pyarrow is not installed.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise ConfigError("Parquet needs pyarrow: pip install -e '.[parquet]'") from error
    with replacing(file) as temporary:
        parquet.write_table(pyarrow.Table.from_pylist(records(table)), temporary)


FORMATS: dict[str, Callable[[Table], str]] = {
    "text": text, "markdown": markdown, "latex": latex, "csv": as_csv,
}  # fmt: skip
SUFFIXES = {".txt": "text", ".md": "markdown", ".tex": "latex", ".csv": "csv"}


def _head(table: Table) -> list[str]:
    return [*table.axes, "runs", *table.metrics]


def _words(
    table: Table, row: Row, best: str, clean: Callable[[str], str] = lambda word: word
) -> list[str]:
    values = [row.values.get(metric) for metric in table.metrics]
    words = [best.format(_value(v)) if v and v.best else _value(v) for v in values]
    return [clean(word) for word in (*row.levels, str(row.runs), *words)]


def _value(value: Value | None) -> str:
    if value is None or math.isnan(value.interval.mean):
        return "–"
    interval = value.interval
    half = interval.high - interval.mean
    spread = "" if math.isnan(half) else f" ± {half:.2g}"
    digits = 3 if math.isnan(half) or half <= 0 else max(0, 1 - math.floor(math.log10(half)))
    star = "*" if value.p < SIGNIFICANT else ""
    return f"{interval.mean:.{min(digits, 6)}f}{spread}{star}"


def _notes(table: Table, mark: str) -> list[str]:
    return [*table.notes, f"{mark}: the best mean of the column"]


def _escaped(word: str) -> str:
    return "".join(_LATEX.get(letter, letter) for letter in word)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
