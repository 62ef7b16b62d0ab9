"""Overrides in Hydra's grammar: what they say, and the jobs of a sweep that they make."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice, product
from math import prod
from pathlib import Path
from typing import Any, TypeAlias

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import (
    ChoiceSweep,
    Glob,
    IntervalSweep,
    Override,
    Sweep,
    ValueType,
)
from hydra.errors import HydraException

from ganvas.config.groups import Groups, groups
from ganvas.config.quotes import in_shell, quoted
from ganvas.config.targets import TARGET
from ganvas.errors import ConfigError
from ganvas.system.names import unreadable

MOST_JOBS = 1_000_000

Words: TypeAlias = Iterable[str | Override]
"""Overrides, as they are written or parsed already."""


def parse(words: Words) -> list[Override]:
    """Parse overrides by Hydra's grammar; what is parsed already stays as it is.

    Raises:
        ConfigError: An override does not follow the grammar, or these are no texts in a list.
    """
    if isinstance(words, str) or not isinstance(words, Iterable):
        raise _no_list(words)
    return [word if isinstance(word, Override) else _parsed(_text(word)) for word in words]


def _text(word: Any) -> str:
    if not isinstance(word, str):
        raise _no_list(word)
    if reason := unreadable(word):
        raise ConfigError(reason)
    return word


def _no_list(given: Any) -> ConfigError:
    return ConfigError(f"overrides are texts in a list, such as ['mask=box', 'seed=1']: {given!r}")


@lru_cache(maxsize=65536)
def _parsed(line: str) -> Override:
    try:
        (override,) = OverridesParser.create().parse_overrides([line])
    except HydraException as error:
        raise _no_override(line) from error
    if not override.key_or_group and not override.is_delete():
        raise _no_override(line)
    if _holds_sweep(override.value()):
        raise ConfigError(
            f"{line}: a choice, range or interval cannot be one value among others; "
            "write all values side by side, such as key=0.1,0.2,0.3"
        )
    return override


def _no_override(line: str) -> ConfigError:
    """Say what is wrong with a line, in words that are not those of a grammar's rules."""
    key, _, value = line.partition("=")
    in_quotes = _in_quotes(line)
    if not (key.strip("+~") and in_quotes):
        return ConfigError(f"{line!r}: an override looks like group=option or key=value")
    if value.endswith(","):
        several = "values of a sweep stand side by side without spaces, such as seed=0,1"
        return ConfigError(f"{line}: nothing follows its last comma; {several}")
    if value[0] in "[{":
        no_list = "no list or mapping, such as [a,b] or {a: 1}; where it is a text, quote it"
        return ConfigError(f"{line}: {no_list}: {in_shell(in_quotes)}")
    return ConfigError(f"{line}: quote its value: {in_shell(in_quotes)}")


def _holds_sweep(value: Any) -> bool:
    """Return True where one of several values is itself a sweep."""
    if isinstance(value, ChoiceSweep):
        value = value.list
    if isinstance(value, Mapping):
        value = list(value.values())
    if not isinstance(value, list):
        return False
    return any(isinstance(item, Sweep) or _holds_sweep(item) for item in value)


def _in_quotes(line: str) -> str:
    """Return an override with its value in quotes, or "" where that is no override either."""
    key, _, value = line.partition("=")
    if value.startswith("~/"):
        value = str(Path(value).expanduser())
    whole = f"{key}={quoted(value)}"
    try:
        OverridesParser.create().parse_override(whole)
    except HydraException:
        return ""
    return whole if value else ""


def lines(overrides: Iterable[Override]) -> tuple[str, ...]:
    """Return overrides as they are written."""
    return tuple(str(override.input_line) for override in overrides)


def refuse_several(overrides: Sequence[Override], sweeps: bool = False) -> None:
    """Refuse the values of a sweep where one job is composed.

    Args:
        overrides: Those of the job.
        sweeps: Whether -m would make a sweep of them.

    Raises:
        ConfigError: The first such override.
    """
    for override in overrides:
        if override.is_sweep_override() and not override.is_delete():
            line = str(override.input_line)
            advice = "add -m for a sweep" if sweeps else "give one at a time"
            in_quotes = in_shell(_in_quotes(line) or line)
            raise ConfigError(
                f"{line} are several values: {advice}, or quote it as one: {in_quotes}"
            )


def replaces(override: Override) -> bool:
    """Return True for a ``key={_target_: …}``, which takes the whole place of what was there.

    Hydra would merge the two mappings, and the one target knows nothing of the other's fields.
    """
    return any(TARGET in mapping for mapping in _mappings(override)) and not says_more(override)


def is_choice(override: Override, known_groups: Container[str]) -> bool:
    """Return True for what chooses an option of a group, known or not.

    A mapping, as in ``mask={_target_: …}``, is none: it is what the group's key holds.
    """
    key = override.key_or_group
    chooses = key in known_groups or "/" in key or override.package is not None
    return chooses and not _mappings(override)


def _mappings(override: Override) -> list[Mapping[str, Any]]:
    """Return which values of an override, or of a sweep, are mappings."""
    value = override.value()
    values = value.list if isinstance(value, ChoiceSweep) else [value]
    return [v for v in values if isinstance(v, Mapping)]


def last_of_each_group(
    overrides: Sequence[Override], known_groups: Container[str]
) -> list[Override]:
    """Leave out what fills a group's place before another does: an option, or what `replaces`."""
    filled: set[str] = set()
    kept = []
    for override in reversed(overrides):
        key = override.key_or_group
        of_group = key in known_groups and override.package is None and not says_more(override)
        # Values are looked at last, for each look converts them anew.
        if of_group and (is_choice(override, known_groups) or replaces(override)):
            if key in filled:
                continue
            filled.add(key)
        kept.append(override)
    return kept[::-1]


def is_of_hydra(override: Override) -> bool:
    """Return True for what is about Hydra itself, such as ``hydra/launcher=local``."""
    return override.key_or_group.startswith("hydra")


def says_more(override: Override) -> bool:
    """Return True for ~key, +key and ++key, and for Hydra's own keys."""
    more = override.is_delete() or override.is_add() or override.is_force_add()
    return more or is_of_hydra(override)


def expand(words: Words, known_groups: Groups | None = None) -> list[list[Override]]:
    """Return the overrides of every job of a sweep: the product of all choice and range sweeps.

    Args:
        words: The overrides of the sweep.
        known_groups: What ``glob(…)`` chooses from; None: the program's own groups.

    Raises:
        ConfigError: An axis has no value, or is an interval, of which only a search takes values;
            or there are more than a million jobs.
    """
    overrides = parse(words)
    for override in overrides:
        if isinstance(override.value(), IntervalSweep):
            raise ConfigError(f"{override.input_line}: an interval needs hydra/sweeper=optuna")
    axes = _axes(overrides, known_groups)
    jobs = prod(map(len, axes))
    if jobs > MOST_JOBS:
        raise ConfigError(f"a sweep of {jobs:,} runs; {MOST_JOBS:,} are the most")
    return [list(job) for job in product(*axes)]


def probe(words: Words, known_groups: Groups | None = None) -> list[list[Override]]:
    """Return jobs that hold every value of a search space, one away from the first at a time.

    Of an interval there are its two ends.
    """
    axes = _axes(parse(words), known_groups)
    first = [axis[0] for axis in axes]
    others = [
        [*first[:position], value, *first[position + 1 :]]
        for position, axis in enumerate(axes)
        for value in axis[1:]
    ]
    return [first, *others]


def _axes(overrides: Iterable[Override], known_groups: Groups | None) -> list[list[Override]]:
    """Return the values of every key; of a key that is given twice, the later ones."""
    axes: dict[str, list[Override]] = {}
    for override in overrides:
        if is_of_hydra(override):
            continue
        several = override.is_sweep_override() and not override.is_delete()
        values = sweep_values(override, known_groups) if several else [override]
        axes[override.get_key_element()] = values
    return list(axes.values())


def sweep_values(override: Override, known_groups: Groups | None = None) -> list[Override]:
    """Return one override for each value of an axis of a sweep; of an interval for its two ends.

    Raises:
        ConfigError: There is none, or there are more than a million.
    """
    try:
        # No more than would be too many, for a range may hold thousands of millions.
        values = list(islice(_values(override, known_groups), MOST_JOBS + 1))
    except ValueError as error:
        raise ConfigError(f"{override.input_line}: {error}") from error
    if not values:
        raise ConfigError(f"{override.input_line}: no value, so there is nothing to run")
    if len(values) > MOST_JOBS:
        raise ConfigError(f"{override.input_line}: more than {MOST_JOBS:,} values")
    return [_with_value(override, value) for value in values]


def _values(override: Override, known_groups: Groups | None) -> Iterator[Any]:
    value = override.value()
    if isinstance(value, IntervalSweep):
        return iter((value.start, value.end))
    if isinstance(value, Glob):
        options = (known_groups or groups()).get(override.key_or_group, {})
        return iter(value.filter(sorted(options)))
    return override.sweep_iterator()


def _with_value(override: Override, value: Any) -> Override:
    """Return a parsed override that gives one value to the key of a sweep."""
    one = replace(override, value_type=ValueType.ELEMENT, _value=value, input_line=None)
    one.input_line = f"{override.get_key_element()}={one.get_value_element_as_str()}"
    return one
