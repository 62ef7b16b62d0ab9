"""Launching a study, from its planned jobs to its exit code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ganvas.config.compose import Resolver
from ganvas.config.schema import build, check
from ganvas.errors import RunError
from ganvas.study.job_table import JobTable
from ganvas.study.local import execute_all
from ganvas.study.packed import PackedSettings, execute_packs
from ganvas.study.plan import Planned
from ganvas.study.settings import LocalSettings
from ganvas.study.slurm.follow import submit_all
from ganvas.study.slurm.settings import SlurmSettings
from ganvas.study.task import Task

Settings = LocalSettings | PackedSettings | SlurmSettings

LAUNCHERS: dict[str, type[Settings]] = {
    "hydra_plugins.ganvas.local.LocalLauncher": LocalSettings,
    "hydra_plugins.ganvas.packed.PackedLauncher": PackedSettings,
    "hydra_plugins.ganvas.slurm.SlurmLauncher": SlurmSettings,
}
"""The settings of each of ganvas's own launchers, by the `_target_` of its option."""


def settings_of(launcher: Mapping[str, Any]) -> Settings:
    """Check the settings of one of ganvas's own launchers.

    Args:
        launcher: The node `hydra.launcher`, with its `_target_`.

    Raises:
        ConfigError: A setting that is unknown or out of range.
    """
    fields = {name: value for name, value in launcher.items() if name != "_target_"}
    built = build(check(fields, LAUNCHERS[launcher["_target_"]], "hydra.launcher"))
    assert isinstance(built, Settings)
    return built


def launch(planned: Sequence[Planned], resolver: Resolver, settings: Settings) -> list[Task]:
    """Execute every job that is not finished, and show how it goes.

    Args:
        planned: The jobs.
        resolver: Has composed them.
        settings: How the jobs share this machine or a loop, or what each of them asks SLURM for.

    Returns:
        One task per job, in their order; jobs that are the same run share one.
    """
    unique = {p.path: Task(p) for p in planned}
    tasks = list(unique.values())
    with JobTable(tasks) as table:
        if len(tasks) < len(planned):
            alike = "what the others set, such as logger=, changes no result"
            table.say(f"{len(planned)} jobs are {len(tasks)} runs: {alike}")
        if isinstance(settings, SlurmSettings):
            submit_all(tasks, resolver, settings, table)
        elif isinstance(settings, PackedSettings):
            execute_packs(tasks, resolver, settings, table)
        else:
            execute_all(tasks, resolver, settings, table)
    table.summary()
    return [unique[p.path] for p in planned]


def exit_code(tasks: Sequence[Task]) -> int:
    """Return 0 where all are finished or pruned, 130 where the study was interrupted, else 1."""
    states = {task.state for task in tasks}
    if states <= {"finished", "pruned"}:
        return 0
    return 1 if states <= {"finished", "pruned", "failed"} else 130


def sweep_value(task: Task) -> float:
    """Return the final value of the metric that a sweeper optimises.

    Raises:
        RunError: The run is not finished, or has no such metric.
    """
    if task.state != "finished":
        raise RunError(f"{task.planned.path}: {task.state}: {task.planned.final.error}")
    value = task.planned.final.metrics["final"].get(task.planned.sweep_metric)
    if value is None:
        raise RunError(f"sweep_metric={task.planned.sweep_metric}: not among the final metrics")
    return float(value)
