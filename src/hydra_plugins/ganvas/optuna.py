"""`hydra/sweeper=optuna`: a search whose trials are runs of a study.

Hydra imports this file at every start, so it imports nothing heavy.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from ganvas.errors import ConfigError
from hydra_plugins.ganvas.common import one_line, plain, user_dirs


class OptunaSweeper(Sweeper):
    """Launches trials in batches; the settings are those of `ganvas.study.search.Search`."""

    def __init__(self, **settings: Any) -> None:
        self.settings = settings
        self.launcher: Launcher | None = None
        self.user_dirs: list[Path] = []

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Make the launcher, and remember where the user's own options are."""
        self.hydra_context, self.config = hydra_context, config
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )
        self.user_dirs = user_dirs(config)

    def sweep(self, arguments: list[str]) -> None:
        """Search, given the command line's overrides."""
        settings = {name: plain(value) for name, value in self.settings.items()}
        assert self.launcher is not None
        with one_line():
            if find_spec("optuna") is None:
                raise ConfigError("hydra/sweeper=optuna: pip install -e '.[optuna]'")
            from ganvas.config.compose import Resolver
            from ganvas.study.search.settings import search_of
            from ganvas.study.search.trials import Trials, open_study

            search, sampler, pruner = search_of(settings)
            study = open_study(search, sampler, pruner)
            resolver = Resolver(self.user_dirs)
            Trials(search, study, arguments, self.launcher.launch, resolver).search()
