"""How the levels of an axis are written: in full, and as they are shown."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ganvas.config.quotes import quoted

_PLAIN = re.compile(r"[\w./$-]+")


def as_text(value: Any) -> str:
    """Return a configuration's value as short text, as it would be written in an override."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return _mapping_text(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def _mapping_text(value: Any) -> str:
    """Write a mapping in Hydra's grammar, its keys in one order."""
    if isinstance(value, dict):
        inner = (f"{key}:{_mapping_text(value[key])}" for key in sorted(value, key=str))
        return "{" + ",".join(inner) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_mapping_text, value)) + "]"
    if isinstance(value, str) and not _PLAIN.fullmatch(value):
        return quoted(value)
    return as_text(value)


def rounded(levels: Sequence[str]) -> tuple[str, ...]:
    """Return numbers with as few digits, three or more, as tell them apart, where that is shorter.

    A search takes values of seventeen digits.
    """
    for digits in range(3, 17):
        short = [f"{float(text):.{digits}g}" if "." in text else text for text in levels]
        labels = tuple(min(pair, key=len) for pair in zip(levels, short, strict=True))
        if len(set(labels)) == len(levels):
            return labels
    return tuple(levels)


def labels_of(values: Sequence[Any]) -> tuple[str, ...]:
    """Return distinct levels as they are shown.

    Of mappings there are the entries that differ among those of one target, behind the target's
    name where others have another: ``Box{left:0.1}``, ``Box{left:0.4}``, ``Ellipse``.
    """
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for value in values:
        if isinstance(value, dict):
            groups.setdefault(_target(value), []).append(value)
    several = len(groups) > 1 or not all(isinstance(value, dict) for value in values)
    labels = []
    for value in values:
        if not isinstance(value, dict):
            labels.append(as_text(value))
            continue
        name = _target(value).rpartition(".")[2] if several else ""
        alike = groups[_target(value)]
        entries = _differing(value, alike) if name or len(alike) > 1 else value
        labels.append(name + ("" if name and not entries else _mapping_text(entries)))
    plain = {label.lower() for label in labels}
    return tuple(labels) if len(plain) == len(values) else tuple(map(as_text, values))


def _target(mapping: Mapping[str, Any]) -> str:
    return str(mapping.get("_target_", ""))


def _differing(mapping: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the entries of a mapping, down into its own mappings, that not all others have."""
    kept = {}
    for key, entry in mapping.items():
        entries = [other[key] for other in others if key in other]
        everywhere = len(entries) == len(others)
        if everywhere and len({as_text(other) for other in entries}) == 1:
            continue
        nested = everywhere and all(isinstance(other, dict) for other in entries)
        kept[key] = _differing(entry, entries) if nested else entry
    return kept


def natural(text: str) -> list[tuple[int, int, str]]:
    """Sort ``row 9`` before ``row 10``."""
    return [
        (0, int(part), "") if part.isdigit() else (1, 0, part.lower())
        for part in re.findall(r"\d+|\D+", text)
    ]
