"""Rows of a measurement as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

Rows = list[dict[str, float | str]]
"""What a topic has measured: plain values, as they stand in measured.json."""


def table(head: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    """Return a table of these columns."""
    body = [f"| {' | '.join(map(str, line))} |" for line in lines]
    return "\n".join([f"| {' | '.join(head)} |", "|" + "---|" * len(head), *body])


def percent(part: float | str, whole: float | str) -> str:
    """Return a share in whole percent."""
    return f"{100 * float(part) / float(whole):.0f} %"


def column(rows: Sequence[Mapping[str, float | str]], key: str) -> list[float]:
    """Return the numbers of one column."""
    return [float(row[key]) for row in rows]
