"""The commands that a page of documentation shows in its blocks."""

from __future__ import annotations

import shlex


def commands(page: str) -> list[list[str]]:
    """Return the words behind `ganvas` of every command in a page's indented blocks.

    A command goes on behind a backslash and within quotes; `…` stands for what a reader knows.
    """
    lines = iter([line[4:] for line in page.splitlines() if line.startswith("    ")])
    found = []
    for line in lines:
        if not line.startswith("ganvas "):
            continue
        while (words := words_of(line)) is None:
            line = f"{line.removesuffix(chr(92))} {next(lines)}"
        found.append(words[1:])
    return found


def words_of(line: str) -> list[str] | None:
    """Split a command as a shell does; None: it goes on in the next line."""
    if line.endswith("\\"):
        return None
    try:
        return shlex.split(line, comments=True)
    except ValueError:
        return None
