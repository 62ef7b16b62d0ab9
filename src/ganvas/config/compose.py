"""From overrides to the resolved configuration of every job.

The overrides are parsed once and the groups are listed once. Hydra composes the options that are
chosen once in a process for all jobs that choose the same; what tells these apart is changed in
plain values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig

from ganvas.config.base import Base, refuse_keys_below_references
from ganvas.config.changes import Unusual
from ganvas.config.composition import Composed, Composer
from ganvas.config.groups import config_dir, groups_of
from ganvas.config.hints import refuse_foreign_crop
from ganvas.config.overrides import (
    Words,
    expand,
    is_choice,
    is_of_hydra,
    last_of_each_group,
    lines,
    parse,
    refuse_several,
)
from ganvas.system.state import FileState, folder_state


@dataclass(frozen=True)
class Job:
    """One composed job.

    Attributes:
        config: The configuration as plain values, resolved. Jobs of a sweep share parts of it, so
            it must not be changed.
        choices: The chosen option of each group.
        overrides: What was given.
    """

    config: dict[str, Any]
    choices: dict[str, str]
    overrides: tuple[str, ...]


def resolve(words: Words, user_dirs: Sequence[Path] = ()) -> list[Job]:
    """Compose and resolve every job of a sweep.

    Args:
        words: Hydra overrides, with sweeps such as ``mask=full,box`` and ``seed=range(0,8)``.
        user_dirs: Folders with the user's own groups, searched after the program's.

    Raises:
        ConfigError: An unknown group, option or key, a wrong override, or an interpolation that
            cannot be resolved.
    """
    resolver = Resolver(user_dirs)
    return [resolver.resolve(job) for job in expand(words, resolver.groups)]


def compose_job(words: Words, user_dirs: Sequence[Path] = ()) -> Job:
    """Compose one job, without a sweep.

    Args:
        words: Hydra overrides, such as ``mask=box`` and ``edit.stages.w.steps=9``.
        user_dirs: Folders with the user's own groups, searched after the program's.

    Raises:
        ConfigError: As `resolve`, or an override has several values.
    """
    overrides = parse(words)
    refuse_several(overrides)
    return Resolver(user_dirs).resolve(overrides)


class Resolver:
    """Resolves jobs, and remembers what they share.

    Args:
        user_dirs: Folders with the user's own groups, searched after the program's.
        root: Name of the configuration that is composed.

    Attributes:
        user_dirs: Those folders.
        groups: The options of all folders that the root composes.

    Raises:
        ConfigError: Two folders have an option of the same name.
    """

    def __init__(self, user_dirs: Sequence[Path] = (), root: str = "config") -> None:
        self.user_dirs = tuple(user_dirs)
        self.groups = groups_of(root, user_dirs)
        self._hydra = Composer(self.groups, user_dirs, root)
        self._bases: dict[tuple[str, ...], Base] = {}
        folders = tuple(folder.resolve() for folder in (config_dir(), *user_dirs))
        self._files = root, folders, folder_state(folders, ".yaml")

    def resolve(self, words: Words) -> Job:
        """Compose one job, with values in the place of interpolations.

        Raises:
            ConfigError: As the function `resolve`.
        """
        overrides = parse(words)
        base, values = self._split(overrides)
        try:
            written = base.with_values(values)
        except Unusual:
            refuse_keys_below_references(base.written, values)
            composed = self._hydra.compose(overrides, resolve=True)
            return self._job(composed.config, composed.choices, overrides)
        config = base.resolve(written, lambda tree: self._hydra.resolve(tree, overrides))
        return self._job(config, base.choices, overrides)

    def compose(self, words: Words) -> Job:
        """Compose one job as it is written, with its interpolations.

        Raises:
            ConfigError: As the function `resolve`.
        """
        overrides = parse(words)
        base, values = self._split(overrides)
        try:
            config, choices = base.with_values(values), base.choices
        except Unusual:
            refuse_keys_below_references(base.written, values)
            composed = self._hydra.compose(overrides, resolve=False)
            config, choices = composed.config, composed.choices
        return Job(config, choices, _without_hydra(overrides))

    def is_closed(self, words: Words) -> bool:
        """Return False where a job's values may come from elsewhere, as by ``${oc.env:HOME}``.

        Raises:
            ConfigError: As the function `resolve`.
        """
        base, values = self._split(parse(words))
        try:
            tree = base.with_values(values)
        except Unusual:
            tree = self.compose(words).config
        return base.is_closed(tree)

    def compose_hydra(self, words: Words) -> DictConfig:
        """Compose Hydra's own node, with its launcher and sweeper, of a sweep.

        Raises:
            ConfigError: An unknown launcher, sweeper or key of theirs.
        """
        return self._hydra.compose_hydra(parse(words))

    def _split(self, overrides: Sequence[Override]) -> tuple[Base, list[Override]]:
        """Return the composition of the options that are chosen, and what changes its values."""
        chosen: list[Override] = []
        values: list[Override] = []
        for override in last_of_each_group(overrides, self.groups):
            chooses = is_of_hydra(override) or is_choice(override, self.groups)
            (chosen if chooses else values).append(override)
        known = lines(chosen)
        if known not in self._bases:
            self._bases[known] = Base(compose_options(*self._files, known))
        return self._bases[known], values

    def _job(
        self, config: dict[str, Any], choices: dict[str, str], overrides: Sequence[Override]
    ) -> Job:
        if any(o.key_or_group.startswith("image.") for o in overrides):
            preset = self.groups["image"].get(choices.get("image", ""))
            if preset is not None:
                refuse_foreign_crop(config["image"], overrides, preset)
        return Job(config, choices, _without_hydra(overrides))


@lru_cache(maxsize=64)
def compose_options(
    root: str, folders: tuple[Path, ...], files: tuple[FileState, ...], chosen: tuple[str, ...]
) -> Composed:
    """Compose options as they are written, once for all resolvers while no file of theirs changes.

    Args:
        root: Name of the configuration that is composed.
        folders: Where its options lie: the program's own, then the user's.
        files: The states of the files below them.
        chosen: The overrides that choose.

    Raises:
        ConfigError: As the function `resolve`.
    """
    _, *user_dirs = folders
    composer = Composer(groups_of(root, user_dirs), user_dirs, root)
    return composer.compose(parse(chosen), resolve=False)


def _without_hydra(overrides: Sequence[Override]) -> tuple[str, ...]:
    return lines(o for o in overrides if not is_of_hydra(o))
