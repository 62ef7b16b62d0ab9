"""`hydra/launcher=local`: the jobs of a sweep as processes of their own on this machine.

Hydra imports this file at every start, so it imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf


class LocalLauncher(Launcher):
    """Launches the batches of a sweeper; the settings are those of `ganvas.study.settings.Pool`."""

    def __init__(self, **settings: Any) -> None:
        self.settings = settings
        self.folders: list[Path] = []

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Remember where the user's own options are."""
        sources = config.hydra.runtime.config_sources
        self.folders = [Path(s.path) for s in sources if s.provider == "command-line"]

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Execute a batch of jobs; what a job returns is its `sweep_metric`."""
        from ganvas.compose import closed_keys
        from ganvas.study.launch import launch, pool_of, sweep_value

        settings = {k: _plain(v) for k, v in self.settings.items()}
        jobs = [closed_keys([o for o in job if not o.startswith("hydra")]) for job in job_overrides]
        ended = launch(jobs, self.folders, pool_of(settings))
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


def _plain(value: Any) -> Any:
    return OmegaConf.to_container(value) if OmegaConf.is_config(value) else value
