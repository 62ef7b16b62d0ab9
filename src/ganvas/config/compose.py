"""From overrides to a checked configuration, with errors that name the nearest valid key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException, MissingConfigException
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from ganvas.config.groups import config_dir, groups
from ganvas.config.hints import refuse_foreign_crop
from ganvas.config.overrides import first_line, is_choice, open_keys, parse, refuse_several
from ganvas.errors import ConfigError, nearest

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
    refuse_several(parsed)
    with _hydra():
        try:
            opened = [*open_keys(overrides, user_dirs), *searching(user_dirs)]
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
    if not any(line.lstrip("+").startswith("image.") for line in job.overrides):
        # Of most jobs of a sweep the options need not be listed.
        return
    preset = groups(user_dirs)["image"].get(job.choices.get("image", ""))
    if preset is not None:
        refuse_foreign_crop(job.config.image, job.overrides, preset)


def compose_hydra(overrides: Sequence[str], user_dirs: Sequence[Path] = ()) -> DictConfig:
    """Compose Hydra's own node, with its launcher and sweeper, of a sweep.

    Raises:
        ConfigError: An unknown launcher, sweeper or key of theirs.
    """
    own = [o for o in overrides if o.lstrip("+~").startswith("hydra")]
    own += searching(user_dirs)
    with _hydra():
        try:
            node: DictConfig = compose("config", overrides=own, return_hydra_config=True).hydra
        except MissingConfigException as error:
            raise _missing_option(error) from error
        except (HydraException, OmegaConfBaseException) as error:
            line = _unknown_hydra_key(error, own) or first_line(error)
            if "ConfigStore schema" in line:
                line += "; an installed plugin brings an option of that name, too: uninstall it"
            raise ConfigError(line) from error
    return node


def named(choices: Mapping[str, str | None]) -> dict[str, str]:
    """Return the chosen option per group, without Hydra's own groups and empty ones."""
    return {k: v for k, v in choices.items() if v is not None and not k.startswith("hydra")}


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


def searching(user_dirs: Sequence[Path]) -> list[str]:
    """Return the override by which Hydra searches the user's folders too."""
    folders = ",".join(f"'file://{folder.resolve()}'" for folder in user_dirs)
    return [f"hydra.searchpath=[{folders}]"] if folders else []


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
    line = _unknown_hydra_key(error, [*own, *searching(user_dirs)])
    return ConfigError(line or first_line(error).replace(" ++", " "))


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
    choices = [str(o.input_line) for o in overrides if is_choice(o, known)]
    choices += searching(user_dirs)
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
    lines = [*open_keys(lines, user_dirs), *searching(user_dirs)]
    with _hydra():
        try:
            yield from keys(compose("config", overrides=lines))
        except (HydraException, OmegaConfBaseException):
            return
