"""Walking a configuration: the dotted keys of nested mappings and lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

MAX_DEPTH = 64
MAX_NODES = 200_000


def walk(tree: Any, item: str = "[{}]") -> Iterator[tuple[str, Any]]:
    """Iterate over every node below the root as (dotted key, value), parents first.

    Args:
        tree: Mappings and lists; all else is a leaf.
        item: How a list's index is joined to the key of the list.

    Raises:
        ValueError: The tree is nested deeper than 64 levels or has more than 200,000 nodes, as
            a YAML file whose aliases refer to each other can have within a few lines.
    """
    # Without recursion: what is walked may come from a stranger's file.
    waiting = [iter([("", tree)])]
    nodes = 0
    while waiting:
        if len(waiting) > MAX_DEPTH or nodes > MAX_NODES:
            raise ValueError("the configuration is nested too deeply or has too many entries")
        node = next(waiting[-1], None)
        if node is None:
            waiting.pop()
            continue
        key, value = node
        nodes += 1
        if value is not tree:
            yield key, value
        if isinstance(value, Mapping):
            waiting.append(_named(key, value))
        elif isinstance(value, list):
            waiting.append(_numbered(key, value, item))


def _named(key: str, value: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    return ((f"{key}.{name}" if key else str(name), inner) for name, inner in value.items())


def _numbered(key: str, value: list[Any], item: str) -> Iterator[tuple[str, Any]]:
    return ((f"{key}{item.format(index)}", inner) for index, inner in enumerate(value))
