"""What ganvas's own launchers share: they plan a batch of jobs and hand it to `ganvas.study`.

Hydra imports this file at every start, so it imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from ganvas.errors import Interrupted
from hydra_plugins.ganvas.common import one_line, plain, user_dirs


class StudyLauncher(Launcher):
    """Launches the batches of a sweeper; `ganvas.study.launch.LAUNCHERS` names the settings."""

    def __init__(self, **settings: Any) -> None:
        self.settings = settings
        self.user_dirs: list[Path] = []

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Remember where the user's own options are."""
        self.user_dirs = user_dirs(config)

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Execute a batch of jobs; what a job returns is its `sweep_metric`."""
        from ganvas.config.compose import Resolver
        from ganvas.config.handover import closed_keys
        from ganvas.study.launch import exit_code, launch, settings_of, sweep_value
        from ganvas.study.plan import plan

        target = f"{type(self).__module__}.{type(self).__qualname__}"
        settings = {"_target_": target, **{k: plain(v) for k, v in self.settings.items()}}
        jobs = [closed_keys([o for o in job if not o.startswith("hydra")]) for job in job_overrides]
        with one_line():
            resolver = Resolver(self.user_dirs)
            ended = launch(plan(jobs, resolver), resolver, settings_of(settings))
            if exit_code(ended) == Interrupted.exit_code:
                # A sweeper would go on with the next batch.
                raise Interrupted("stopped; the same command continues")
        returns = []
        for overrides, task in zip(jobs, ended, strict=True):
            done = JobReturn(overrides=overrides)
            try:
                done.return_value = sweep_value(task)
                done.status = JobStatus.COMPLETED
            except Exception as error:
                done.return_value = error
                done.status = JobStatus.FAILED
            returns.append(done)
        return returns
