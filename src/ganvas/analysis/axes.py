"""What a study varies: the axes of an ablation, found from the runs' own records.

An axis is a config group with more than one choice, or a key that was overridden and takes more
than one value. Keys that only follow from a group's choice are no axes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ganvas.analysis.levels import as_text, labels_of, natural, rounded
from ganvas.runner.directory import RunDirectory
from ganvas.system.reading import number

SEED = "seed"
_WHICH_IMAGE = re.compile(r"^image(\.\w+\.(path|shard|limit))?$")
_NOT_AXES = re.compile(
    r"^(hydra|study|name|tags|logger|trainer|force|output|outputs|job)([./].*)?$"
)
_OVERRIDE = re.compile(r"^[+~]*([^=]+?)(?:=(.*))?$")
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
    by_text = {as_text(value): value for value in values}
    parsed = {text: number(value) for text, value in by_text.items()}
    numbers = {text: value for text, value in parsed.items() if value is not None}
    numeric = len(numbers) == len(by_text)
    levels = sorted(by_text, key=numbers.__getitem__ if numeric else natural)
    index = {text: position for position, text in enumerate(levels)}
    return Axis(
        name=name,
        levels=tuple(levels),
        labels=rounded(levels) if numeric else labels_of([by_text[text] for text in levels]),
        numbers=tuple(numbers[text] for text in levels) if numeric else None,
        of_run=tuple(index[as_text(value)] for value in values),
    )
