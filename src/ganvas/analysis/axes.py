"""What a study varies: the axes of an ablation, found from the runs' own records.

An axis is a config group with more than one choice, or a key that was overridden and takes more
than one value. Keys that only follow from a group's choice are no axes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ganvas.config.quotes import quoted
from ganvas.runner.directory import RunDirectory
from ganvas.system.reading import number

SEED = "seed"
_WHICH_IMAGE = re.compile(r"^image(\.\w+\.(path|shard|limit))?$")
_NOT_AXES = re.compile(
    r"^(hydra|study|name|tags|logger|trainer|force|output|outputs|job)([./].*)?$"
)
_OVERRIDE = re.compile(r"^[+~]*([^=]+?)(?:=(.*))?$")
_PLAIN = re.compile(r"[\w./$-]+")
ABSENT = "absent"
PRESENT = "present"


@dataclass(frozen=True)
class Axis:
    """One thing that a study varies.

    Attributes:
        name: The config group (``mask``) or key (``edit.stages.w.steps``).
        levels: The values it takes as text, numbers in ascending order.
        labels: The same to be shown: of values given as mappings, what tells them apart.
        numbers: The same as numbers where all of them are, else None.
        of_run: For each run the index of its level.
    """

    name: str
    levels: tuple[str, ...]
    labels: tuple[str, ...]
    numbers: tuple[float, ...] | None
    of_run: tuple[int, ...]

    @property
    def is_unit(self) -> bool:
        """Whether it repeats a setting (images, seeds) rather than being part of one."""
        return self.name == SEED or self.is_image

    @property
    def is_image(self) -> bool:
        """Whether it says which images a run works on; how they are cut is a setting."""
        return _WHICH_IMAGE.match(self.name) is not None


def find_axes(runs: Sequence[RunDirectory]) -> list[Axis]:
    """Return the axes of a study, settings first, then images and seeds."""
    names = dict.fromkeys(name for run in runs for name in run.choices)
    names |= dict.fromkeys(_key(item) for run in runs for item in run.overrides)
    axes = []
    for name in names:
        if _NOT_AXES.match(name):
            continue
        values = _levels([_value(run, name) for run in runs])
        if len({as_text(value) for value in values}) > 1:
            axes.append(_axis(name, values))
    return sorted(axes, key=lambda axis: (axis.is_unit, axis.name == SEED))


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


def _key(override: str) -> str:
    match = _OVERRIDE.match(override)
    return match.group(1).strip() if match else override


def _is_given_as_mapping(run: RunDirectory, name: str) -> bool:
    """Whether a run has overridden ``name={…}``, which takes the place of a group's choice."""
    given = (item.partition("=") for item in run.overrides if name in item)
    values = [value for key, _, value in given if key.strip(" +~") == name]
    return bool(values) and values[-1].lstrip().startswith("{")


def _value(run: RunDirectory, name: str) -> Any:
    """Return what a run has for a group or key; a mapping only where it was given as one."""
    given = _is_given_as_mapping(run, name)
    if name in run.choices and not given:
        return run.choices[name]
    at: Any = run.config
    for part in name.split("."):
        if isinstance(at, list) and part.isdigit() and int(part) < len(at):
            at = at[int(part)]
        elif isinstance(at, dict) and part in at:
            at = at[part]
        else:
            return ABSENT
    return PRESENT if isinstance(at, dict) and not given else at


def _levels(values: list[Any]) -> list[Any]:
    """Say only whether a mapping is there, where that is all that differs."""
    texts = {as_text(value) for value in values if isinstance(value, dict)}
    others = {value for value in values if isinstance(value, str)} - {ABSENT}
    if others or len(texts) != 1 or not all(isinstance(v, dict | str) for v in values):
        return values
    return [PRESENT if isinstance(value, dict) else value for value in values]


def _axis(name: str, values: list[Any]) -> Axis:
    by_text = {as_text(value): number(value) for value in values}
    numeric = all(parsed is not None for parsed in by_text.values())
    if numeric:
        levels = sorted(by_text, key=lambda text: by_text[text] or 0.0)
    else:
        levels = sorted(by_text, key=_natural)
    index = {text: position for position, text in enumerate(levels)}
    by_level = {as_text(value): value for value in values}
    return Axis(
        name=name,
        levels=tuple(levels),
        labels=_rounded(levels) if numeric else tuple(_labels([by_level[t] for t in levels])),
        numbers=tuple(by_text[text] or 0.0 for text in levels) if numeric else None,
        of_run=tuple(index[as_text(value)] for value in values),
    )


def _rounded(levels: Sequence[str]) -> tuple[str, ...]:
    """Return numbers with as few digits, three or more, as tell them apart, where that is shorter.

    A search takes values of seventeen digits.
    """
    for digits in range(3, 17):
        short = [f"{float(text):.{digits}g}" if "." in text else text for text in levels]
        labels = tuple(min(pair, key=len) for pair in zip(levels, short, strict=True))
        if len(set(labels)) == len(levels):
            return labels
    return tuple(levels)


def _labels(values: Sequence[Any]) -> list[str]:
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
    return labels if len(plain) == len(values) else [as_text(value) for value in values]


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


def _natural(text: str) -> list[tuple[int, int, str]]:
    """Sort ``row 9`` before ``row 10``."""
    return [
        (0, int(part), "") if part.isdigit() else (1, 0, part.lower())
        for part in re.findall(r"\d+|\D+", text)
    ]
