"""The settings of `hydra/sweeper=optuna`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import optuna
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler
from pydantic import Field

from ganvas.config.schema import build, check
from ganvas.errors import ConfigError

Count = Annotated[int, Field(ge=1)]


@dataclass(frozen=True)
class Search:
    """How the best setting is searched for; the metric is the one that `sweep_metric` names.

    Attributes:
        storage: Where Optuna keeps the trials: a URL of SQLAlchemy.
        study_name: The search in that storage.
        n_trials: Trials in all, finished or pruned; those of an earlier start count.
        n_jobs: Trials that are launched together.
        direction: maximize or minimize.
        params: The space, by key, in Hydra's grammar: ``interval(0.01,0.5)``, ``range(1,9)``,
            ``choice(a,b)``, ``tag(log,interval(1e-3,1))``. Sweeps on the command line belong to
            it, too.
        curve: The column of the curve by which hopeless runs are stopped, such as psnr or loss;
            it must be better in the same direction. null: none is stopped.
        report_every: Steps between two reports of the curve.
    """

    storage: str
    study_name: str
    n_trials: Count = 20
    n_jobs: Count = 1
    direction: Literal["maximize", "minimize"] = "maximize"
    params: dict[str, Any] | None = None
    curve: str | None = None
    report_every: Count = 5


def search_of(settings: Mapping[str, Any]) -> tuple[Search, BaseSampler, BasePruner]:
    """Check the sweeper's settings, and make Optuna's sampler and pruner by their ``_target_``.

    Raises:
        ConfigError: A setting is unknown or out of range.
    """
    optuna.logging.set_verbosity(logging.WARNING)
    fields = {k: v for k, v in settings.items() if k not in ("_target_", "sampler", "pruner")}
    search = build(check(fields, Search, "hydra.sweeper"))
    assert isinstance(search, Search)
    sampler, pruner = _made("sampler", settings), _made("pruner", settings)
    if not isinstance(sampler, BaseSampler):
        raise ConfigError("hydra.sweeper.sampler: _target_ must name a sampler of Optuna")
    if not isinstance(pruner, BasePruner):
        raise ConfigError("hydra.sweeper.pruner: _target_ must name a pruner of Optuna")
    return search, sampler, pruner


def _made(name: str, settings: Mapping[str, Any]) -> Any:
    try:
        return instantiate(settings.get(name))
    except InstantiationException as error:
        raise ConfigError(f"hydra.sweeper.{name}: {str(error).splitlines()[0]}") from error
