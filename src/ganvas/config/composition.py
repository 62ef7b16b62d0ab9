"""Composition by Hydra, whose mistakes become one line that names the nearest valid key."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException, MissingConfigException
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import InterpolationKeyError, OmegaConfBaseException

from ganvas.config.groups import Groups, config_dir, read_yaml, yaml_mistake
from ganvas.config.handover import open_keys
from ganvas.config.overrides import is_of_hydra, lines
from ganvas.errors import ConfigError, first_line, nearest
from ganvas.system.reading import leaves

# Recipes add steps of a budget: ${sum:${budget.latent},${budget.noise}}.
OmegaConf.register_new_resolver("sum", lambda *values: sum(values), replace=True)
OmegaConf.register_new_resolver("share", lambda share, of: round(share * of), replace=True)

_ONE_AT_A_TIME = threading.RLock()
"""Hydra keeps what it composes with in global state."""

_IN_HYDRA = (AssertionError, TypeError, LookupError, RecursionError)
"""What Hydra and OmegaConf raise unintentionally, such as for a key below a null."""

_MISTAKES = (HydraException, OmegaConfBaseException, ValueError, *_IN_HYDRA)


@dataclass(frozen=True)
class Composed:
    """What Hydra makes of overrides.

    Attributes:
        config: The configuration as plain values, without Hydra's own node.
        choices: The chosen option of each group.
    """

    config: dict[str, Any]
    choices: dict[str, str]


class Composer:
    """Composes by Hydra.

    Args:
        known_groups: The groups of all folders.
        user_dirs: Folders with further groups, searched after the program's.
        root: Name of the configuration that is composed.
    """

    def __init__(
        self, known_groups: Groups, user_dirs: Sequence[Path], root: str = "config"
    ) -> None:
        self.groups, self.root = known_groups, root
        self.search = searching(user_dirs)

    def compose(self, overrides: Sequence[Override], *, resolve: bool) -> Composed:
        """Compose one job.

        Args:
            overrides: What makes it, in order.
            resolve: Resolve interpolations.

        Raises:
            ConfigError: An unknown group, option or key, a wrong override, or an interpolation that
                cannot be resolved.
        """
        with self._mistakes(overrides):
            config = self._compose(open_keys(overrides, self.groups))
            chosen = dict(config.hydra.runtime.choices)
            with open_dict(config):
                del config.hydra
            if resolve:
                _resolve(config)
            return Composed(plain(config), named(chosen))

    def resolve(self, written: Mapping[str, Any], overrides: Sequence[Override]) -> dict[str, Any]:
        """Resolve the interpolations of a composed configuration.

        Args:
            written: Plain values.
            overrides: What has made them, for messages.

        Raises:
            ConfigError: An interpolation that cannot be resolved.
        """
        with self._mistakes(overrides):
            config = OmegaConf.create(dict(written))
            _resolve(config)
            return plain(config)

    def compose_hydra(self, overrides: Sequence[Override]) -> DictConfig:
        """Compose Hydra's own node, with its launcher and sweeper, of a sweep.

        Raises:
            ConfigError: An unknown launcher, sweeper or key of theirs.
        """
        about_hydra = lines(o for o in overrides if is_of_hydra(o))
        with _hydra():
            try:
                node: DictConfig = self._compose(about_hydra).hydra
            except MissingConfigException as error:
                raise _missing_option(error) from error
            except (HydraException, OmegaConfBaseException) as error:
                line = self._unknown_hydra_key(error, about_hydra) or first_line(error)
                if "ConfigStore schema" in line:
                    line += "; an installed plugin brings an option of that name, too: uninstall it"
                raise ConfigError(line) from error
        return node

    def _compose(self, words: Sequence[str]) -> DictConfig:
        return compose(self.root, overrides=[*words, *self.search], return_hydra_config=True)

    @contextmanager
    def _mistakes(self, overrides: Sequence[Override]) -> Iterator[None]:
        """Initialise Hydra, and explain what goes wrong in it in one line."""
        with _hydra():
            try:
                yield
            except MissingConfigException as error:
                raise _missing_option(error) from error
            except yaml.YAMLError as error:
                raise ConfigError(yaml_mistake(error)) from error
            except (OSError, UnicodeDecodeError) as error:
                # Hydra does not say in which file.
                for options in self.groups.values():
                    for file in options.values():
                        read_yaml(file)
                raise ConfigError(first_line(error)) from error
            except _MISTAKES as error:
                raise self._explain(error, overrides) from error

    def _explain(self, error: Exception, overrides: Sequence[Override]) -> ConfigError:
        """Turn one of Hydra's errors into a line that names the key and the nearest valid one."""
        for override in overrides:
            key = override.key_or_group
            if "/" in key and key not in self.groups and not is_of_hydra(override):
                return ConfigError(f"no group '{key}'{nearest(key, self.groups)}")
        deleted = [o.key_or_group for o in overrides if o.is_delete()]
        known = self._keys_without_deletions(overrides) if deleted else set()
        # Where nothing is known, something else is wrong as well, and is named.
        for key in deleted if known else ():
            if key not in known and key not in self.groups:
                parent = key.rpartition(".")[0]
                siblings = {k for k in known if k.rpartition(".")[0] == parent} or known
                return ConfigError(f"unknown key '{key}' to leave out{nearest(key, siblings)}")
        about_hydra = lines(o for o in overrides if is_of_hydra(o))
        line = self._unknown_hydra_key(error, about_hydra) or first_line(error).replace(" ++", " ")
        if appended := re.search(r"default list use (.+)", str(error)):
            line = f"{line.removesuffix('.')}: no option is chosen there; {appended[1]} adds one"
        if isinstance(error, _IN_HYDRA) and not isinstance(error, OmegaConfBaseException):
            line = f"{' '.join(lines(overrides))}: a key stands below a value that holds no keys"
        return ConfigError(line)

    def _keys_without_deletions(self, overrides: Sequence[Override]) -> set[str]:
        """Return the keys of what `overrides` compose to when nothing is left out, if they do."""
        kept = [o for o in overrides if not o.is_delete()]
        try:
            composed = plain(self._compose(open_keys(kept, self.groups)))
        except _MISTAKES:
            return set()
        return set(keys({name: node for name, node in composed.items() if name != "hydra"}))

    def _unknown_hydra_key(self, error: Exception, about_hydra: Sequence[str]) -> str:
        """Return the line for a key that Hydra's own node does not have, or ""."""
        refused = re.match(r"Could not override '(hydra[\w.]*)\.(\w+)'", str(error))
        if refused is None:
            return ""
        parent, name = refused.groups()
        choices = [line for line in about_hydra if "." not in line.partition("=")[0].lstrip("+")]
        node = OmegaConf.select(self._compose(choices), parent)
        known = [str(k) for k in node or () if not str(k).startswith("_")]
        if name in known:
            return f"{parent}.{name}: a key of the mapping is unknown; +{parent}.{name}=… adds it"
        return f"unknown key '{parent}.{name}'{nearest(name, known)}"


def searching(folders: Sequence[Path]) -> list[str]:
    """Return the override by which Hydra searches further folders, if there are any."""
    quoted = ",".join(f"'file://{folder.resolve()}'" for folder in folders)
    return [f"hydra.searchpath=[{quoted}]"] if quoted else []


def plain(config: DictConfig) -> dict[str, Any]:
    """Turn a configuration into plain dictionaries and lists, as it is written."""
    container = OmegaConf.to_container(config, resolve=False)
    assert isinstance(container, dict)
    return {str(name): value for name, value in container.items()}


def named(choices: Mapping[str, str | None]) -> dict[str, str]:
    """Return the chosen option per group, without Hydra's own groups and empty ones."""
    return {k: v for k, v in choices.items() if v is not None and not k.startswith("hydra")}


def keys(config: Any, prefix: str = "") -> Iterator[str]:
    """Iterate over all dotted keys of a plain configuration."""
    if isinstance(config, Mapping):
        for name, value in config.items():
            key = f"{prefix}.{name}" if prefix else str(name)
            yield key
            yield from keys(value, key)


def _resolve(config: DictConfig) -> None:
    """Resolve all interpolations in place; name the key of one that leads nowhere."""
    try:
        OmegaConf.resolve(config)
    except InterpolationKeyError as error:
        missing = re.search("'(.+)'", str(error))
        name = missing[1] if missing else ""
        for key, node in leaves(plain(config)):
            if f"${{{name}}}" in str(node):
                raise ConfigError(f"{key}: there is no '{name}'") from error
        raise


@contextmanager
def _hydra() -> Iterator[None]:
    """Initialise Hydra's composition, for one thread, and leave its state as it was."""
    with _ONE_AT_A_TIME:
        outer = GlobalHydra.instance().hydra
        GlobalHydra.instance().clear()
        try:
            with initialize_config_dir(str(config_dir()), version_base="1.3", job_name="ganvas"):
                yield
        finally:
            GlobalHydra.instance().hydra = outer


def _missing_option(error: MissingConfigException) -> ConfigError:
    missing = error.missing_cfg_file or ""
    group, _, option = missing.rpartition("/")
    return ConfigError(f"{group}: no option '{option}'{nearest(option, error.options or [])}")
