"""Overrides in Hydra's grammar: what they say, and the jobs of a sweep that they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product, zip_longest
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Glob, IntervalSweep, Override
from hydra.errors import OverrideParseException

from ganvas.config.groups import groups
from ganvas.config.schema import TARGET
from ganvas.errors import ConfigError


def parse(overrides: Sequence[str]) -> list[Override]:
    """Parse overrides by Hydra's grammar.

    Raises:
        ConfigError: An override does not follow it.
    """
    try:
        return OverridesParser.create().parse_overrides(overrides=list(overrides))
    except OverrideParseException as error:
        quoted = _quoted(error.override)
        if quoted:
            raise ConfigError(f'{error.override}: quote its value: "{quoted}"') from error
        raise ConfigError(f"{first_line(error)} (an override looks like group=option or key=value)"
                          ) from error  # fmt: skip


def _quoted(line: str) -> str:
    """Return an override with its value in quotes, or "" where that is no value either."""
    key, _, value = line.partition("=")
    if value.startswith("~/"):
        value = str(Path(value).expanduser())
    escaped = value.replace("'", "\\'")
    quoted = f"{key}='{escaped}'"
    try:
        OverridesParser.create().parse_override(quoted)
    except OverrideParseException:
        return ""
    return "" if value[:1] in ("", "[", "{") else quoted


def refuse_several(overrides: Sequence[Override]) -> None:
    """Refuse the values of a sweep where one job is composed."""
    for override in overrides:
        if override.is_sweep_override() and not override.is_delete():
            line = str(override.input_line)
            quoted = _quoted(line) or line
            raise ConfigError(
                f'{line} are several values: add -m for a sweep, or quote it as one: "{quoted}"'
            )


def open_keys(overrides: Sequence[str], user_dirs: Sequence[Path] = ()) -> list[str]:
    """Let ``key=value`` also set the fields that an option's file leaves at their defaults.

    Hydra knows only the keys that a file writes; which keys there are is for the schema to say. A
    value that `replaces` is preceded by a line that empties its place.
    """
    known = groups(user_dirs)
    opened = []
    for line, override in zip(overrides, parse(overrides), strict=True):
        if is_choice(override, known) or _says_more(override):
            opened.append(line)
        else:
            opened += [_emptying(line)] if replaces(override) else []
            opened.append(f"++{line}")
    return opened


def closed_keys(overrides: Sequence[str]) -> tuple[str, ...]:
    """Undo `open_keys`, for people to read."""
    kept = [
        line
        for line, after in zip_longest(overrides, overrides[1:], fillvalue="")
        if line != _emptying(after) or TARGET not in after
    ]
    return tuple(line.removeprefix("++") for line in kept)


def replaces(override: Override) -> bool:
    """Return True for a ``key={_target_: …}``, which takes the whole place of what was there.

    Hydra would merge the two mappings, and the one target knows nothing of the other's fields.
    """
    value = override.value()
    values = value.list if isinstance(value, ChoiceSweep) else [value]
    targets = any(isinstance(v, Mapping) and TARGET in v for v in values)
    return targets and not _says_more(override)


def _emptying(line: str) -> str:
    """Return the opened line that goes before one that replaces."""
    return f"++{line.removeprefix('++').partition('=')[0]}=null"


def is_choice(override: Override, known_groups: Mapping[str, Any]) -> bool:
    """Return True for what chooses an option of a group, known or not."""
    key = override.key_or_group
    return key in known_groups or "/" in key or override.package is not None


def _says_more(override: Override) -> bool:
    """Return True for ~key, +key and ++key, and for Hydra's own keys."""
    own = override.key_or_group.startswith("hydra")
    return own or override.is_delete() or override.is_add() or override.is_force_add()


def expand(overrides: Sequence[str], user_dirs: Sequence[Path] = ()) -> list[list[str]]:
    """Return the overrides of every job of a sweep: the product of all choice and range sweeps.

    Raises:
        ConfigError: An axis has no value, or is an interval, of which only a search takes values.
    """
    for override in parse(overrides):
        if isinstance(override.value(), IntervalSweep):
            raise ConfigError(f"{override.input_line}: an interval needs hydra/sweeper=optuna")
    return [list(job) for job in product(*_axes(overrides, user_dirs))]


def probe(overrides: Sequence[str], user_dirs: Sequence[Path] = ()) -> list[list[str]]:
    """Return jobs that hold every value of a search space, one away from the first at a time.

    Of an interval there are its two ends.
    """
    axes = _axes(overrides, user_dirs)
    first = [axis[0] for axis in axes]
    others = [
        [*first[:place], value, *first[place + 1 :]]
        for place, axis in enumerate(axes)
        for value in axis[1:]
    ]
    return [first, *others]


def _axes(overrides: Sequence[str], user_dirs: Sequence[Path]) -> list[list[str]]:
    axes: dict[str, list[str]] = {}
    for override in parse(overrides):
        if override.key_or_group.startswith("hydra"):
            continue
        key = override.get_key_element()
        if override.is_sweep_override() and not override.is_delete():
            axes[key] = [f"{key}={value}" for value in sweep_values(override, user_dirs)]
        else:
            axes[key] = [str(override.input_line)]
    return list(axes.values())


def sweep_values(override: Override, user_dirs: Sequence[Path]) -> list[str]:
    """Return the values of one axis of a sweep; of an interval its two ends.

    Raises:
        ConfigError: There is none.
    """
    value = override.value()
    if isinstance(value, IntervalSweep):
        return [str(value.start), str(value.end)]
    try:
        if isinstance(value, Glob):
            found = value.filter(sorted(groups(user_dirs).get(override.key_or_group, {})))
        else:
            found = list(override.sweep_string_iterator())
    except ValueError as error:
        raise ConfigError(f"{override.input_line}: {error}") from error
    if not found:
        raise ConfigError(f"{override.input_line}: no value, so there is nothing to run")
    return found


def first_line(error: Exception) -> str:
    """Return the first line of an error's text that says something."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
