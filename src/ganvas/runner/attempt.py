"""One attempt at a run: what is recorded before the work, the work, and how it ended."""

from __future__ import annotations

import logging
import os
import socket
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from omegaconf import OmegaConf

from ganvas.assets import used
from ganvas.config.compose import Job
from ganvas.errors import GanvasError, Interrupted, Pruned, RunError, first_line
from ganvas.runner.damage import BEGUN
from ganvas.runner.directory import RunDirectory
from ganvas.runner.manifest import VERSION, write_manifest
from ganvas.runner.own_code import Code
from ganvas.runner.process import Process
from ganvas.runner.provenance import amend, input_hashes, provenance
from ganvas.runner.settings import Experiment
from ganvas.runner.signature import Identity
from ganvas.stage import StageConfig
from ganvas.system.files import storage_errors, write_json, write_text
from ganvas.tracking import Outcome, Record, RunInfo

if TYPE_CHECKING:
    from ganvas.runner.engine import Run
    from ganvas.stage.fit import Fitting

log = logging.getLogger("ganvas")


def record_beginning(
    folder: RunDirectory,
    info: RunInfo,
    identity: Identity,
    experiment: Experiment,
    job: Job,
    code: Code,
) -> None:
    """Write what is known before the work: configuration, provenance, status.

    Args:
        folder: The run's folder.
        info: What the run's sinks are told.
        identity: What it is called.
        experiment: What it is to do.
        job: How that was composed.
        code: The code outside ganvas that it names.
    """
    import torch

    write_text(folder.path / "config.yaml", OmegaConf.to_yaml(OmegaConf.create(info.config)))
    written = {"overrides": list(job.overrides), "choices": job.choices}
    write_text(folder.path / "overrides.yaml", OmegaConf.to_yaml(OmegaConf.create(written)))
    inputs = {name: source for name, source in vars(experiment.image).items() if source is not None}
    write_json(
        folder.path / "provenance.json",
        {
            **provenance(experiment.trainer.torch_device()),
            "seed": experiment.seed,
            "seed_varies": ["start", "missing pixels", "random masks", "noise"],
            "images": list(info.images),
            "inputs": {name: input_hashes(source) for name, source in inputs.items()},
            "choices": job.choices,
            "own_code": code,
        },
    )
    # They were written by an earlier attempt.
    for name in (folder.stop_file.name, "metrics.json"):
        with storage_errors(folder.path / name):
            (folder.path / name).unlink(missing_ok=True)
    write_manifest(folder.path, identity.signature, BEGUN[:2])
    before = folder.status
    started = before.get("started") or datetime.now(UTC).isoformat(timespec="seconds")
    folder.write_status(
        version=VERSION, state="running", signature=identity.signature, study=info.study,
        slug=identity.slug, edit=info.edit, total_steps=experiment.edit.steps, started=started,
        images=list(info.images), error=None, attempts=before.get("attempts", 0) + 1,
        host=socket.gethostname(), pid=os.getpid(), threads=torch.get_num_threads(),
    )  # fmt: skip


def work(
    folder: RunDirectory,
    info: RunInfo,
    experiment: Experiment,
    pictures: dict[str, dict[str, Any]],
    process: Process,
) -> Fitting[None]:
    """Execute the run, and tell status and sinks how it ended."""
    from ganvas.runner.engine import Run

    record = Record(info, [])
    run: Run | None = None
    outcome = Outcome("failed", 0)

    def cut_short(state: str) -> Outcome:
        return run.outcome(state, {}) if run else Outcome(state, 0)

    try:
        if (sink := experiment.logger.sink()) is not None:
            record.sinks.append(sink)
        run = Run(experiment, pictures, folder, record, info.config["generator"], process)
        # Only now is the experiment known to fit its generator.
        process.bar.say(f"run {folder.path}")
        stages = run.experiment.edit.stages.items()
        process.bar.plan({name: s.steps for name, s in stages if isinstance(s, StageConfig)})
        outcome = yield from _to_its_end(run, folder)
    except (Interrupted, KeyboardInterrupt) as error:
        outcome = cut_short("interrupted")
        folder.write_status(state="interrupted")
        if isinstance(error, KeyboardInterrupt):
            raise Interrupted("stopped at once; the same command continues") from error
        raise
    except Pruned:
        outcome = cut_short("pruned")
        folder.write_status(state="pruned")
        raise
    except Exception as error:
        line = first_line(error)
        outcome = cut_short("failed")
        log.debug("%s", traceback.format_exc())
        folder.write_status(state="failed", error=f"{type(error).__name__}: {line}")
        if isinstance(error, GanvasError):
            raise
        raise RunError(
            f"{type(error).__name__}: {line}; {_advice(error, run)}"
            f"the traceback is in {folder.path / 'run.log'}"
        ) from error
    finally:
        with suppress(OSError):  # what ended the run matters more
            folder.stop_file.unlink(missing_ok=True)
        record.end(outcome)


def _advice(error: Exception, run: Run | None) -> str:
    """Return what helps where a GPU's memory was too small for the images drawn at a time."""
    if run is None or run.micro_batch == 1:
        return ""
    import torch

    if not isinstance(error, torch.OutOfMemoryError):
        return ""
    return f"trainer.micro_batch={run.micro_batch // 2} draws fewer images at a time; "


def _to_its_end(run: Run, folder: RunDirectory) -> Fitting[Outcome]:
    """Execute a run, and record what is known once it has begun and once it is finished."""
    import torch

    file, steps = folder.path / "provenance.json", run.experiment.edit.steps
    folder.write_status(total_steps=steps)
    amend(file, generator=run.generator_identity())
    metrics = yield from run.execute()
    amend(
        file,
        micro_batch=run.micro_batch,
        side_by_side=run.progress.side_by_side,
        threads=torch.get_num_threads(),
        assets=used(),
    )
    outcome = run.outcome("finished", metrics)
    write_manifest(folder.path, str(folder.status["signature"]))
    folder.write_status(state="finished", step=steps, seconds=round(run.progress.seconds, 3))
    folder.checkpoint_file.unlink(missing_ok=True)
    return outcome
