"""Composing many jobs that differ in little."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ganvas.config.compose import Job, check_crops, compose_job
from ganvas.config.groups import groups
from ganvas.config.overrides import parse, replaces


class Composer:
    """Composes jobs; what only their values tell apart is composed once.

    Composing by Hydra takes some hundred times as long as changing a value.

    Args:
        user_dirs: The user's own folders of options.
    """

    def __init__(self, user_dirs: Sequence[Path] = ()) -> None:
        self.user_dirs = user_dirs
        self.groups = frozenset(groups(user_dirs))
        self.bases: dict[tuple[str, ...], Job] = {}

    def compose(self, overrides: Sequence[str]) -> Job:
        """Compose one job, equal to `compose_job`.

        Raises:
            ConfigError: As `compose_job`.
        """
        parsed = [_parsed(word) for word in overrides]
        values = [o for o in parsed if self._is_value(o)]
        others = [o for o in parsed if not self._is_value(o)]
        if not values or _touch(values, others):
            return compose_job(overrides, self.user_dirs)
        structure = tuple(str(o.input_line) for o in others)
        if structure not in self.bases:
            self.bases[structure] = compose_job(structure, self.user_dirs, resolve=False)
        base = self.bases[structure]
        config: DictConfig = copy.deepcopy(base.config)
        try:
            for override in values:
                key, merge = override.key_or_group, not replaces(override)
                OmegaConf.update(config, key, override.value(), merge=merge)
            OmegaConf.resolve(config)
        except OmegaConfBaseException:
            # Hydra finds the same mistake, and `compose_job` explains it.
            return compose_job(overrides, self.user_dirs)
        job = Job(config, base.choices, tuple(overrides))
        check_crops(job, self.user_dirs)
        return job

    def _is_value(self, override: Override) -> bool:
        plain = not (override.is_add() or override.is_delete() or override.package)
        return plain and override.key_or_group not in self.groups


def _touch(values: Sequence[Override], others: Sequence[Override]) -> bool:
    """Return True where the order of overrides counts: a value below something added or deleted."""
    changed = [o.key_or_group for o in others if o.is_add() or o.is_delete()]
    return any(
        f"{value.key_or_group}.".startswith(f"{key}.")
        or f"{key}.".startswith(f"{value.key_or_group}.")
        for value in values
        for key in changed
    )


@lru_cache(maxsize=65536)
def _parsed(word: str) -> Override:
    return parse([word])[0]
