"""The course of a search: ask Optuna, launch, tell Optuna."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import optuna
from hydra.core.utils import JobReturn, JobStatus
from optuna.exceptions import StorageInternalError
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler
from optuna.storages import get_storage
from optuna.trial import Trial, TrialState
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from ganvas.config.compose import Resolver
from ganvas.config.handover import closed_keys, open_keys
from ganvas.errors import ConfigError, Interrupted, nearest
from ganvas.runner.compact_delta import COSTS
from ganvas.study.plan import Planned, plan
from ganvas.study.search.pruning import Pruning
from ganvas.study.search.settings import Search
from ganvas.study.search.space import split

Launch = Callable[[Sequence[Sequence[str]], int], Sequence[JobReturn]]


class Study(optuna.Study):
    """Optuna's study, in which a sampler that has tried everything ends the search.

    Attributes:
        exhausted: Whether it has. Optuna's own study knows of this only in its own loop.
    """

    exhausted = False

    def stop(self) -> None:
        """Take note that there is nothing left to try."""
        self.exhausted = True


class Trials:
    """A search and its trials.

    Args:
        search: The settings.
        study: Optuna's study, as `open_study` returns it.
        words: The command line's overrides.
        launch: Executes a batch of jobs, numbered from the second argument on.
        resolver: Composes the jobs.

    Raises:
        ConfigError: There is nothing to search, or the storage holds another search.
    """

    def __init__(
        self,
        search: Search,
        study: Study,
        words: Sequence[str],
        launch: Launch,
        resolver: Resolver,
    ) -> None:
        self.settings, self.study = search, study
        self.launch, self.resolver = launch, resolver
        params = [f"{key}={value}" for key, value in (search.params or {}).items()]
        self.fixed, self.space = split([*params, *closed_keys(words)], resolver.groups)
        if not self.space:
            raise ConfigError(
                "nothing to search: say for example "
                "hydra.sweeper.params={optimizer.latent.lr: 'interval(0.01,0.5)'}"
            )
        self._claim()

    def search(self) -> None:
        """Launch trials until there are enough of them, those of an earlier start included.

        Raises:
            Interrupted: A trial was; it stays one that runs, and the next start goes on with it.
        """
        done = self._count()
        if done:
            _say(f"{done} of {self.settings.n_trials} trials are finished already")
        if self.study.get_trials(deepcopy=False):
            # The same seed again would repeat the trials that there are.
            self.study.sampler.reseed_rng()
        # Trials of a search that was killed: their runs continue.
        left = [
            Trial(self.study, frozen._trial_id)
            for frozen in self.study.get_trials(states=(TrialState.RUNNING,))
        ]
        missing = self.settings.n_trials - done
        while missing > 0 and not self.study.exhausted:
            count = min(missing, self.settings.n_jobs)
            batch = [left.pop(0) if left else self.study.ask(self.space) for _ in range(count)]
            self._execute(batch)
            missing -= count
        if missing > 0:
            _say("the sampler has tried everything that there is")
        self._summary()

    def _execute(self, batch: list[Trial]) -> None:
        closed = [[*self.fixed, *(f"{k}={v}" for k, v in t.params.items())] for t in batch]
        planned = plan([[w for w in job if not _is_hydras(w)] for job in closed], self.resolver)
        jobs = [open_keys(job, self.resolver.groups) for job in closed]
        self._require_metric(planned[0])
        runs = {
            trial.number: (trial, job.working) for trial, job in zip(batch, planned, strict=True)
        }
        column, every = self.settings.curve, self.settings.report_every
        with Pruning(runs, column, every) if column else nullcontext() as pruning:
            returns = self.launch(jobs, batch[0].number)
        pruned = pruning.pruned if pruning else set()
        for trial, job, done in zip(batch, planned, returns, strict=True):
            trial.set_user_attr("run", job.path)
            if not isinstance(done._return_value, Interrupted):
                self._tell(trial, done, trial.number in pruned)
        for done in returns:
            if isinstance(done._return_value, Interrupted):
                raise done._return_value

    def _require_metric(self, job: Planned) -> None:
        """Refuse a metric that the runs will not have, before the first one."""
        known = [*(job.resolved(self.resolver).config.get("metrics") or {}), *COSTS]
        if job.sweep_metric not in known:
            raise ConfigError(
                f"sweep_metric={job.sweep_metric} is not among the runs' metrics"
                f"{nearest(job.sweep_metric, known)}"
            )

    def _tell(self, trial: Trial, done: JobReturn, pruned: bool) -> None:
        value: Any = done._return_value if done.status == JobStatus.COMPLETED else None
        if isinstance(value, float | int) and math.isfinite(value):
            self.study.tell(trial.number, float(value))
        elif pruned:
            self.study.tell(trial.number, state=TrialState.PRUNED)
        else:
            self.study.tell(trial.number, state=TrialState.FAIL)

    def _count(self) -> int:
        ended = (TrialState.COMPLETE, TrialState.PRUNED)
        return len(self.study.get_trials(deepcopy=False, states=ended))

    def _claim(self) -> None:
        """Make sure that the storage holds this search and no other."""
        mine = {
            "overrides": sorted(word for word in self.fixed if not _is_hydras(word)),
            "space": {key: str(value) for key, value in sorted(self.space.items())},
        }
        kept = self.study.user_attrs.get("search")
        if kept not in (None, mine):
            other = next(name for name in mine if mine[name] != kept[name])
            raise ConfigError(
                f"the search '{self.study.study_name}' has another {other}: {kept[other]}; "
                "give this one another study="
            )
        self.study.set_user_attr("search", mine)

    def _summary(self) -> None:
        count = dict.fromkeys(TrialState, 0)
        for trial in self.study.get_trials(deepcopy=False):
            count[trial.state] += 1
        counts = ", ".join(f"{n} {state.name.lower()}" for state, n in count.items() if n)
        _say(f"trials: {counts}")
        if count[TrialState.FAIL]:
            _say("a trial fails where its run does, or where that has no value of sweep_metric")
        if count[TrialState.COMPLETE]:
            best = self.study.best_trial
            words = " ".join(f"{k}={v}" for k, v in best.params.items())
            _say(f"best: {best.value:.6g} with {words}\n  {best.user_attrs.get('run', '')}")


def open_study(search: Search, sampler: BaseSampler, pruner: BasePruner) -> Study:
    """Open Optuna's study in its storage, or make it.

    Raises:
        ConfigError: The storage cannot be used, or holds a search in the other direction.
    """
    try:
        url = make_url(search.storage)
        if url.get_backend_name() == "sqlite" and url.database:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        storage = get_storage(search.storage)
        optuna.create_study(
            storage=storage, study_name=search.study_name, load_if_exists=True,
            direction=search.direction,
        )  # fmt: skip
        study = Study(search.study_name, storage, sampler, pruner)
    except (SQLAlchemyError, StorageInternalError, ImportError, OSError) as error:
        raise ConfigError(f"hydra.sweeper.storage: {str(error).splitlines()[0]}") from error
    if study.direction.name.lower() != search.direction:
        raise ConfigError(
            f"the search '{search.study_name}' is to {study.direction.name.lower()}; "
            "give this one another study="
        )
    return study


def _is_hydras(word: str) -> bool:
    return word.lstrip("+~").startswith("hydra")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
