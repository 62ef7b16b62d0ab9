"""One job: from a composed configuration to a finished run, or to why there is none to do."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganvas.assets.cache import require_cache
from ganvas.config.compose import Job
from ganvas.config.hints import unknown_keys_explained
from ganvas.config.schema import Call, build, check
from ganvas.errors import ConfigError, GanvasError, StorageError
from ganvas.image import repeated
from ganvas.runner.attempt import record_beginning, work
from ganvas.runner.directory import RunDirectory
from ganvas.runner.own_code import own_code, tell_changed
from ganvas.runner.process import Process, logging_to, of_its_own
from ganvas.runner.repetition import replace_result, restore_result
from ganvas.runner.settings import Experiment
from ganvas.runner.signature import Identity, identify
from ganvas.system.files import remove_unfinished, storage_errors
from ganvas.tracking import RunInfo

if TYPE_CHECKING:
    from ganvas.stage.fit import Fitting

log = logging.getLogger("ganvas")

ROOM_MIB_PER_IMAGE = 60
"""What a run needs on disk for an image of 1024²: pictures, checkpoint, embedding."""


def validate(config: Mapping[str, Any]) -> Call:
    """Check a resolved configuration against the schema of the root and of every option.

    Raises:
        ConfigError: One line that names the key.
    """
    with unknown_keys_explained():
        tree = check(config, Experiment)
    assert isinstance(tree, Call)
    return tree


def execute(
    job: Job, lock: int | None = None, planned_folder: Path | None = None, retry: bool = False
) -> RunDirectory:
    """Run one composed job, or recognise that it is finished, or continue it.

    Args:
        job: The composed job.
        lock: The lock on the run's folder, where the process that started this one holds it.
        planned_folder: The folder that the study planned; another one than the job's is refused.
        retry: Try it again where it has failed, whatever `retry_failed` says of a later start.

    Raises:
        GanvasError: A mistake in the configuration or an input, before anything is written; a
            folder in use; an interruption; or a failure, once it is recorded.
    """
    from ganvas.runner.together import execute_together

    (ended,) = execute_together([course(job, lock, planned_folder, retry=retry)])
    if isinstance(ended, Exception):
        raise ended
    return ended


def course(
    job: Job,
    lock: int | None = None,
    planned_folder: Path | None = None,
    in_process: Callable[[Experiment], AbstractContextManager[Process]] = of_its_own,
    retry: bool = False,
) -> Fitting[RunDirectory]:
    """Do what `execute` does, and leave it to others to fit the stages.

    Args:
        job: The composed job.
        lock: As in `execute`.
        planned_folder: As in `execute`.
        in_process: What the run uses of its process.
        retry: As in `execute`.

    Yields:
        Each stage that is to be fitted; how it was is sent back.

    Raises:
        GanvasError: As `execute`.
    """
    tree = validate(job.config)
    experiment: Experiment = build(tree)
    experiment = replace(experiment, retry_failed=retry or experiment.retry_failed)
    require_machine(experiment, job)
    identity = identify(tree, job.choices.get("edit", "edit"))
    final, folder = folders(experiment, identity)
    restore_result(final)
    if planned_folder not in (None, folder.path):
        raise ConfigError(
            "options, program or inputs have changed since the study was planned; start it again"
        )
    if not is_due(final, experiment):
        tell_changed(final, tree)
        return RunDirectory(final.path)
    pictures = repeated(experiment.image.read(), experiment.start.solutions)
    experiment.edit.check_images(pictures)
    require_room(folder.path, len(pictures["x"]))
    info = RunInfo(
        folder=folder.path,
        name=identity.folder,
        study=experiment.study,
        edit=job.choices.get("edit", "edit"),
        tags=experiment.tags,
        config=job.config,
        images=tuple(pictures["x"]),
    )
    # A launcher has made the folder, and looks into it for why a job was refused.
    new = planned_folder is None and not folder.path.exists()
    # A repetition ends by taking the place of the result, on which nobody else may be at work.
    repeats = folder != final and final.path.exists()
    place = final.locked() if repeats else nullcontext()
    with removed_if_refused(folder, new), place, folder.locked(lock):
        # Another process may have finished it while this one waited.
        if not is_due(final, experiment, again=True):
            return RunDirectory(final.path)
        with logging_to(folder.path / "run.log"), in_process(experiment) as process:
            remove_unfinished(folder.path)
            record_beginning(folder, info, identity, experiment, job, own_code(tree))
            yield from work(folder, info, experiment, pictures, process)
        if folder != final:
            replace_result(folder, final)
    return RunDirectory(final.path)


@contextmanager
def removed_if_refused(folder: RunDirectory, new: bool) -> Iterator[None]:
    """Remove a run's folder again where the experiment does not fit its generator.

    That is known only once the generator is loaded; what is refused then has done no work.

    Args:
        folder: The run.
        new: Whether the folder is made for this attempt.
    """
    try:
        yield
    except GanvasError as error:
        # The first thing that a run does is to save its inputs.
        begun = (folder.path / "images").exists() or isinstance(error, StorageError)
        if new and error.exit_code == 2 and not begun:
            shutil.rmtree(folder.path, ignore_errors=True)
        raise


def require_machine(experiment: Experiment, job: Job) -> None:
    """Refuse a device that is not there, and folders that cannot hold the weights or the log.

    Raises:
        ConfigError: There is no such device, or the logger cannot write into the output folder.
        StorageError: The cache folder is not there and cannot be made.
    """
    experiment.trainer.require_device()
    experiment.logger.check(experiment.output)
    # The one generator without weights also runs where there is no cache.
    if job.choices.get("generator") != "tiny":
        require_cache()


def folders(experiment: Experiment, identity: Identity) -> tuple[RunDirectory, RunDirectory]:
    """Return the folder of the result, and the one to work in.

    They differ for a repetition (force=true): it grows beside the old result, which stays until the
    new one is finished.
    """
    final = RunDirectory(experiment.output / experiment.study / identity.folder)
    new = RunDirectory(final.path.with_name(f"{final.path.name}.new"))
    return final, new if experiment.force else final


def is_due(final: RunDirectory, experiment: Experiment, again: bool = False) -> bool:
    """Return False for a run that is finished, or has failed and is to be left.

    A run whose record is damaged is due again.

    Args:
        final: The run.
        experiment: What it is to do.
        again: It has been due before, so that damage has been named.

    Raises:
        StorageError: A newer version of ganvas has written the run.
    """
    if experiment.force:
        return True
    if final.is_newer:
        raise StorageError(
            f"{final.path} was written by a newer version of ganvas; force=true repeats it here"
        )
    if damage := final.damage:
        if not again:
            log.info("%s: the run is repeated", damage)
        return True
    state = final.status.get("state", "new")
    if state == "finished":
        log.info("%s is finished already (force=true repeats it)", final.path)
        return False
    if state == "failed" and not experiment.retry_failed:
        log.info("%s has failed (retry_failed=true tries it again)", final.path)
        return False
    return True


def require_room(folder: Path, images: int) -> None:
    """Raise StorageError where the disk cannot hold the run, or the folder cannot be made."""
    parent = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    if not parent.is_dir():
        raise StorageError(f"cannot write {folder}: {parent} is not a folder")
    with storage_errors(folder):
        free = shutil.disk_usage(parent).free >> 20
    needed = ROOM_MIB_PER_IMAGE * images
    if free < needed:
        raise StorageError(f"{parent} has {free} MiB left; the run needs about {needed} MiB")
