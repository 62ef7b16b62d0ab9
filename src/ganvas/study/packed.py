"""`hydra/launcher=packed`: jobs that differ in what one loop can hold share it, pack by pack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Annotated

from pydantic import Field
from rich.console import Console

from ganvas.config.compose import Job, Resolver
from ganvas.config.schema import build
from ganvas.errors import Interrupted, Pruned
from ganvas.generator.config import loaded
from ganvas.runner.job import course, validate
from ganvas.runner.process import Process, configured, logging_to_files_alone
from ganvas.runner.progress import Bar
from ganvas.runner.settings import Experiment
from ganvas.runner.signals import StopSignal
from ganvas.runner.together import execute_together
from ganvas.stage import StageConfig
from ganvas.study.task import JobObserver, Task, ended_state, is_settled


@dataclass(frozen=True)
class PackedSettings:
    """How jobs are packed.

    Attributes:
        size: Most jobs in a pack.
    """

    size: Annotated[int, Field(ge=1)] = 8


@dataclass(frozen=True, eq=False)
class PackedJob:
    """A job on its way into a pack.

    Attributes:
        task: How it stands.
        job: Its configuration.
        experiment: What it builds.
    """

    task: Task
    job: Job
    experiment: Experiment


class TableBar(Bar):
    """A progress bar of all runs of a pack: the table of jobs."""

    def __init__(self, observer: JobObserver) -> None:
        super().__init__(False, Console(quiet=True))
        self.observer = observer

    def step(self, name: str, done: int) -> None:
        """Draw the table again, where it is due."""
        self.observer.draw()


def execute_packs(
    tasks: list[Task], resolver: Resolver, settings: PackedSettings, observer: JobObserver
) -> None:
    """Execute what is not finished in this process, one pack after another.

    Ctrl-C and SIGTERM let the pack at work save its state; a second Ctrl-C stops at once.
    """
    waiting = [task for task in tasks if not is_settled(task)]
    observer.begun()
    with StopSignal() as stop:
        for pack in packs((_job_of(task, resolver) for task in waiting), settings.size):
            if stop.requested:
                return
            execute_pack(pack, stop, observer)


def packs(jobs: Iterable[PackedJob], size: int) -> Iterator[list[PackedJob]]:
    """Put jobs that may share loops into packs of at most `size`, in their order."""
    open_packs: list[list[PackedJob]] = []
    for job in jobs:
        pack = next((p for p in open_packs if packable(p[0].experiment, job.experiment)), None)
        if pack is None:
            open_packs.append(pack := [])
        pack.append(job)
        if len(pack) == size or not packable(job.experiment, job.experiment):
            open_packs.remove(pack)
            yield pack
    yield from open_packs


def packable(a: Experiment, b: Experiment) -> bool:
    """Return whether all stages of two experiments can share their loops.

    They may differ in photographs, masks, seeds, starts, constant weights of the loss, in
    operations on what was fitted, and in what is measured.
    """
    first, second = a.edit.stages, b.edit.stages
    return (
        (a.generator, a.trainer, _intervals(a)) == (b.generator, b.trainer, _intervals(b))
        and list(first) == list(second)
        and all(_is_like(step, second[name]) for name, step in first.items())
    )


def execute_pack(pack: list[PackedJob], stop: StopSignal, observer: JobObserver) -> None:
    """Execute the jobs of a pack side by side."""
    first = pack[0].experiment
    load = cache(lambda: loaded(first.generator))
    process = Process(TableBar(observer), stop, lambda _: load())
    for job in pack:
        job.task.state, job.task.attempts = "running", job.task.attempts + 1
    with configured(first.trainer, first.seed), logging_to_files_alone():
        courses = [course(job.job, in_process=lambda _: nullcontext(process)) for job in pack]
        ended = execute_together(courses)
    for job, end in zip(pack, ended, strict=True):
        if isinstance(end, Exception):
            job.task.state = _state(end)
            job.task.note = str(end) if job.task.state == "failed" else ""
        else:
            job.task.state, job.task.note = ended_state(job.task.planned)
        observer.state_changed(job.task)


def _job_of(task: Task, resolver: Resolver) -> PackedJob:
    job = task.planned.resolved(resolver)
    return PackedJob(task, job, build(validate(job.config)))


def _intervals(experiment: Experiment) -> tuple[int, int, int]:
    budget = experiment.budget
    return budget.flush_every, budget.frame_every, budget.frame_resolution


def _is_like(a: object, b: object) -> bool:
    if isinstance(a, StageConfig) and isinstance(b, StageConfig):
        return a.is_like(b)
    return not isinstance(a, StageConfig) and not isinstance(b, StageConfig)


def _state(end: Exception) -> str:
    if isinstance(end, Interrupted):
        return "interrupted"
    if isinstance(end, Pruned):
        return "pruned"
    return "failed"
