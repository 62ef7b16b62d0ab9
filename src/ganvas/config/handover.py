"""Overrides for Hydra's own launch path, on which its launchers and sweepers parse them again.

Hydra knows only the keys that a file writes; which keys there are is for the schema to say. So
every ``key=value`` is handed over as ``++key=value``, and undone for people to read.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from itertools import zip_longest

from ganvas.config.overrides import (
    Words,
    is_choice,
    last_of_each_group,
    parse,
    replaces,
    says_more,
)
from ganvas.config.targets import TARGET


def open_keys(words: Words, known_groups: Container[str]) -> list[str]:
    """Let ``key=value`` also set the fields that an option's file leaves at their defaults.

    A value that `replaces` is preceded by a line that empties its place.
    """
    opened = []
    for override in last_of_each_group(parse(words), known_groups):
        line = str(override.input_line)
        if is_choice(override, known_groups) or says_more(override):
            opened.append(line)
        else:
            if replaces(override):
                key = override.key_or_group
                # Hydra knows of a group only that it can be left out.
                opened.append(f"~{key}" if key in known_groups else f"++{key}=null")
            opened.append(f"++{line}")
    return opened


def closed_keys(opened: Sequence[str]) -> tuple[str, ...]:
    """Undo `open_keys`."""
    kept = [
        line
        for line, after in zip_longest(opened, opened[1:], fillvalue="")
        if not _empties(line, after)
    ]
    return tuple(line.removeprefix("++") for line in kept)


def _empties(line: str, after: str) -> bool:
    """Whether an opened line goes before one that replaces."""
    key = after.removeprefix("++").partition("=")[0]
    return TARGET in after and line in (f"~{key}", f"++{key}=null")
