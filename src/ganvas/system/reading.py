"""Reading the files of a record: what one holds, or one line about what is wrong with it.

Nothing here imports torch, and nothing is executed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from ganvas.errors import DamagedError

MAX_DEPTH = 64
MAX_NODES = 200_000

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_file(file: Path) -> bytes:
    """Return the content of a file of a record.

    Raises:
        DamagedError: It is missing or cannot be read.
    """
    try:
        return file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise DamagedError(f"{file} is missing") from None
    except OSError as error:
        raise DamagedError(f"{file} cannot be read: {error.strerror or error}") from None


def parse_json(content: bytes, file: Path) -> dict[str, Any]:
    """Return the mapping that a JSON file holds.

    Args:
        content: The file's bytes.
        file: Its path, for messages.

    Raises:
        DamagedError: It is empty, cut, undecodable, or holds something else than a mapping.
    """
    _require_text(content, file)
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DamagedError(f"{file} is cut or broken: {_line(error)}") from None
    return _mapping(value, file)


def parse_yaml(content: bytes, file: Path, list_key: str = "") -> dict[str, Any]:
    """Return the mapping that a YAML file holds, with text as its keys; not to be changed.

    Equal sections of several files are parsed once, since the runs of a study differ in few.

    Args:
        content: The file's bytes.
        file: Its path, for messages.
        list_key: Where the file may hold a plain list instead, the key under which it is returned.

    Raises:
        DamagedError: It is empty, cut, undecodable, or holds something else than a mapping.
    """
    _require_text(content, file)
    mapping: dict[str, Any] = {}
    try:
        text = content.decode("utf-8")
        if list_key and text.startswith("- "):
            return {list_key: _parsed(text)}
        for section in _sections(text):
            value = _parsed(section)
            mapping.update(_mapping({} if value is None else value, file))
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise DamagedError(f"{file} is cut or broken: {_line(error)}") from None
    return mapping


def parse_rows(content: bytes, file: Path) -> list[dict[str, Any]]:
    """Return the rows of a curve, one JSON object per line; arguments as `parse_json`.

    The last line is left out where it is cut: by a killed process, or because one is writing it.

    Raises:
        DamagedError: A line before it is undecodable, or holds something else than an object.
    """
    lines = content.split(b"\n")
    rows = []
    for number, line in enumerate(lines, 1):
        last = number == len(lines)
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            if last:
                break
            raise DamagedError(f"{file} is broken in line {number}: {_line(error)}") from None
        if not isinstance(row, dict):
            raise DamagedError(f"{file} is broken in line {number}: it holds no object")
        rows.append(row)
    return rows


def number(value: object) -> float | None:
    """Return `value` as a finite float, or None when it is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def leaves(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Iterate over dotted keys and scalars (or lists of scalars) of a configuration."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaves(item, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        for index, item in enumerate(value):
            yield from leaves(item, f"{prefix}.{index}")
    else:
        yield prefix, value


def _require_text(content: bytes, file: Path) -> None:
    if not content.strip():
        raise DamagedError(f"{file} is empty")


def _mapping(value: Any, file: Path) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DamagedError(f"{file} holds no mapping")
    return {str(key): item for key, item in value.items()}


def _sections(text: str) -> Iterator[str]:
    """Split a block mapping where a line starts a new top-level key."""
    lines: list[str] = []
    for line in text.splitlines(keepends=True):
        if lines and line[0] not in " \t\r\n-#}]":
            yield "".join(lines)
            lines = []
        lines.append(line)
    if lines:
        yield "".join(lines)


@lru_cache(maxsize=65536)
def _parsed(section: str) -> Any:
    value = yaml.load(section, Loader=_Loader)  # a safe loader
    _require_plain(value)
    return value


def _require_plain(value: Any) -> None:
    """Refuse what JSON could not hold, and aliases that unfold without end."""
    waiting, nodes = [(value, 0)], 0
    while waiting:
        node, depth = waiting.pop()
        nodes += 1
        if depth > MAX_DEPTH or nodes > MAX_NODES:
            raise ValueError("it is nested too deeply or has too many entries")
        if isinstance(node, dict | list):
            inner = node.values() if isinstance(node, dict) else node
            waiting.extend((item, depth + 1) for item in inner)
        elif not (node is None or isinstance(node, str | int | float)):
            raise ValueError(f"it holds a value of the type {type(node).__name__}")


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
