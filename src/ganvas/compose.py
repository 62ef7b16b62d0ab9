"""From overrides to a checked configuration, with errors that name the nearest valid key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product, zip_longest
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Glob, IntervalSweep, Override
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from ganvas.errors import ConfigError, nearest
from ganvas.groups import config_dir, groups
from ganvas.presets import refuse_foreign_crop
from ganvas.schema import TARGET

# Recipes add steps of a budget: ${sum:${budget.latent},${budget.noise}}.
OmegaConf.register_new_resolver("sum", lambda *values: sum(values), replace=True)


@dataclass(frozen=True)
class Job:
    """One composed job.

    Attributes:
        config: The configuration, resolved, without Hydra's own node.
        choices: The chosen option of each group.
        overrides: What was given.
    """

    config: DictConfig
    choices: dict[str, str]
    overrides: tuple[str, ...]


def compose_job(
    overrides: Sequence[str], user_dirs: Sequence[Path] = (), *, resolve: bool = True
) -> Job:
    """Compose one job, without a sweep; interpolations are resolved.

    Args:
        overrides: Hydra overrides, such as ``mask=box`` and ``edit.stages.w.steps=9``.
        user_dirs: Folders with the user's own groups, searched after the program's.
        resolve: Resolve interpolations; missing values are found then, too.

    Raises:
        ConfigError: An unknown group, option or key, a wrong override, or a missing value.
    """
    parsed = parse(overrides)
    _refuse_several(parsed)
    with _hydra():
        try:
            opened = [*open_keys(overrides, user_dirs), *_search(user_dirs)]
            _refuse_keys_below_references(parsed, user_dirs)
            config = compose("config", overrides=opened, return_hydra_config=True)
            chosen = dict(config.hydra.runtime.choices)
            with open_dict(config):
                del config.hydra
            if resolve:
                OmegaConf.resolve(config)
        except MissingConfigException as error:
            raise _missing_option(error) from error
        except (HydraException, OmegaConfBaseException, ValueError) as error:
            raise _explain(error, parsed, user_dirs) from error
    job = Job(config, named(chosen), tuple(overrides))
    if resolve:
        check_crops(job, user_dirs)
    return job


def check_crops(job: Job, user_dirs: Sequence[Path] = ()) -> None:
    """Refuse a photograph that would be cut as the one of an image option is.

    Raises:
        ConfigError: See `refuse_foreign_crop`.
    """
    preset = groups(user_dirs)["image"].get(job.choices.get("image", ""))
    if preset is not None:
        refuse_foreign_crop(job.config.image, job.overrides, preset)


def compose_hydra(overrides: Sequence[str], user_dirs: Sequence[Path] = ()) -> DictConfig:
    """Compose Hydra's own node, with its launcher and sweeper, of a sweep.

    Raises:
        ConfigError: An unknown launcher, sweeper or key of theirs.
    """
    own = [o for o in overrides if o.lstrip("+~").startswith("hydra")]
    own += _search(user_dirs)
    with _hydra():
        try:
            node: DictConfig = compose("config", overrides=own, return_hydra_config=True).hydra
        except MissingConfigException as error:
            raise _missing_option(error) from error
        except (HydraException, OmegaConfBaseException) as error:
            line = _unknown_hydra_key(error, own) or _first_line(error)
            if "ConfigStore schema" in line:
                line += "; an installed plugin brings an option of that name, too: uninstall it"
            raise ConfigError(line) from error
    return node


def named(choices: Mapping[str, str | None]) -> dict[str, str]:
    """Return the chosen option per group, without Hydra's own groups and empty ones."""
    return {k: v for k, v in choices.items() if v is not None and not k.startswith("hydra")}


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
        raise ConfigError(f"{_first_line(error)} (an override looks like group=option or key=value)"
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


def _refuse_several(overrides: Sequence[Override]) -> None:
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
        if _is_choice(override, known) or _says_more(override):
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


def _is_choice(override: Override, known_groups: Mapping[str, Any]) -> bool:
    key = override.key_or_group
    return key in known_groups or "/" in key or override.package is not None


def _says_more(override: Override) -> bool:
    """Return True for ~key, +key and ++key, and for Hydra's own keys."""
    own = override.key_or_group.startswith("hydra")
    return own or override.is_delete() or override.is_add() or override.is_force_add()


def expand(overrides: Sequence[str], user_dirs: Sequence[Path] = ()) -> list[list[str]]:
    """Return the overrides of every job of a sweep: the product of all choice and range sweeps."""
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


def keys(config: Any, prefix: str = "") -> Iterator[str]:
    """Iterate over all dotted keys of a configuration."""
    if isinstance(config, DictConfig):
        config = OmegaConf.to_container(config)
    if isinstance(config, Mapping):
        for name, value in config.items():
            key = f"{prefix}.{name}" if prefix else str(name)
            yield key
            yield from keys(value, key)


@contextmanager
def _hydra() -> Iterator[None]:
    """Initialise Hydra's composition and leave its global state as it was found."""
    outer = GlobalHydra.instance().hydra
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(config_dir()), version_base="1.3", job_name="ganvas"):
            yield
    finally:
        GlobalHydra.instance().hydra = outer


def _search(user_dirs: Sequence[Path]) -> list[str]:
    """Return the override by which Hydra searches the user's folders too."""
    folders = ",".join(f"'file://{folder.resolve()}'" for folder in user_dirs)
    return [f"hydra.searchpath=[{folders}]"] if folders else []


def sweep_values(override: Override, user_dirs: Sequence[Path]) -> list[str]:
    """Return the values of one axis of a sweep."""
    value = override.value()
    if isinstance(value, Glob):
        return value.filter(sorted(groups(user_dirs).get(override.key_or_group, {})))
    if isinstance(value, IntervalSweep):
        return [str(value.start), str(value.end)]
    return list(override.sweep_string_iterator())


def _missing_option(error: MissingConfigException) -> ConfigError:
    missing = error.missing_cfg_file or ""
    group, _, option = missing.rpartition("/")
    return ConfigError(f"{group}: no option '{option}'{nearest(option, error.options or [])}")


def _explain(
    error: Exception, overrides: Sequence[Override], user_dirs: Sequence[Path]
) -> ConfigError:
    """Turn one of Hydra's errors into a line that names the key and the nearest valid one."""
    known_groups = groups(user_dirs)
    for override in overrides:
        key = override.key_or_group
        if "/" in key and key not in known_groups and not key.startswith("hydra"):
            return ConfigError(f"no group '{key}'{nearest(key, known_groups)}")
    deleted = [o.key_or_group for o in overrides if o.is_delete()]
    if deleted:
        known = set(_keys_without(overrides, user_dirs))
        for key in deleted:
            if key not in known and key not in known_groups:
                parent = key.rpartition(".")[0]
                siblings = {k for k in known if k.rpartition(".")[0] == parent} or known
                return ConfigError(f"unknown key '{key}' to leave out{nearest(key, siblings)}")
    own = [str(o.input_line) for o in overrides if o.key_or_group.startswith("hydra")]
    line = _unknown_hydra_key(error, [*own, *_search(user_dirs)])
    return ConfigError(line or _first_line(error).replace(" ++", " "))


def _unknown_hydra_key(error: Exception, overrides: Sequence[str]) -> str:
    """Return the line for a key that Hydra's own node does not have, or ""."""
    found = re.match(r"Could not override '(hydra[\w.]*)\.(\w+)'", str(error))
    if found is None:
        return ""
    parent, name = found.groups()
    choices = [line for line in overrides if "." not in line.partition("=")[0].lstrip("+")]
    node = compose("config", overrides=choices, return_hydra_config=True)
    known = [str(k) for k in OmegaConf.select(node, parent) or () if not str(k).startswith("_")]
    return f"unknown key '{parent}.{name}'{nearest(name, known)}"


def _refuse_keys_below_references(overrides: Sequence[Override], user_dirs: Sequence[Path]) -> None:
    """Refuse ``edit.stages.w.optimise.latent.lr=…`` where ``latent`` is ``${optimizer.latent}``.

    The reference would be replaced by a mapping that holds nothing but the new key.
    """
    known = groups(user_dirs)
    deep = [o.key_or_group for o in overrides if o.key_or_group.count(".") > 1]
    if not deep:
        return
    choices = [str(o.input_line) for o in overrides if _is_choice(o, known)]
    choices += _search(user_dirs)
    written = OmegaConf.to_container(compose("config", overrides=choices), resolve=False)
    for key in deep:
        node, names = written, key.split(".")
        for depth, name in enumerate(names):
            if isinstance(node, str) and (found := re.fullmatch(r"\$\{([\w.]+)\}", node)):
                place, rest = ".".join(names[:depth]), ".".join(names[depth:])
                raise ConfigError(f"{place} is {node}; set {found[1]}.{rest}, or replace {place}")
            if not isinstance(node, Mapping) or name not in node:
                break
            node = node[name]


def _keys_without(overrides: Sequence[Override], user_dirs: Sequence[Path]) -> Iterator[str]:
    """Iterate over the keys of what `overrides` compose to when nothing is left out."""
    lines = [str(o.input_line) for o in overrides if not o.is_delete()]
    lines = [*open_keys(lines, user_dirs), *_search(user_dirs)]
    with _hydra():
        try:
            yield from keys(compose("config", overrides=lines))
        except (HydraException, OmegaConfBaseException):
            return


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
