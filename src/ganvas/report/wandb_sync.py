"""Sending the offline W&B runs of a study, each once, and attaching their lineage."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganvas.errors import ConfigError
from ganvas.runner.directory import RunDirectory
from ganvas.system.files import storage_errors
from ganvas.system.reading import parse_json, read_file
from ganvas.tracking.lineage import LINEAGE, attach
from ganvas.tracking.wandb import quiet, staged_below

Send = Callable[[Sequence[str]], int]


@dataclass(frozen=True)
class OfflineRun:
    """One offline W&B run inside a run's folder.

    Attributes:
        run: The run that it belongs to.
        file: Its `run-<id>.wandb`.
    """

    run: RunDirectory
    file: Path

    @property
    def sent(self) -> bool:
        """Whether W&B has marked it as uploaded."""
        return self.file.with_name(f"{self.file.name}.synced").exists()

    @property
    def mark(self) -> Path:
        """The file that says that its lineage is attached."""
        return self.file.with_name(f"{self.file.name}.lineage")

    @property
    def lineage(self) -> dict[str, Any]:
        """What was recorded for `attach`; {} for a run that is older than that."""
        file = self.file.parent.parent / LINEAGE
        return parse_json(read_file(file), file) if file.is_file() else {}

    @property
    def id(self) -> str:
        """W&B's id of the run."""
        return self.file.stem.removeprefix("run-")


def offline_runs(runs: Sequence[RunDirectory]) -> list[OfflineRun]:
    """Return the newest offline W&B run of each run that has one."""
    offline = []
    for run in runs:
        files = sorted(run.path.glob("wandb/offline-run-*/run-*.wandb"))
        if files:
            offline.append(OfflineRun(run, files[-1]))
    return offline


def send_offline_runs(
    runs: Sequence[RunDirectory],
    send: Send | None = None,
    declare: Callable[[OfflineRun], None] | None = None,
) -> tuple[int, int]:
    """Upload what has finished and was not uploaded before; return (sent, left out).

    Calling it again sends only what has come since: W&B marks a file when it has it all, and so do
    we once its lineage is attached. Runs that still work are left out, because their curve would be
    cut off.

    Args:
        runs: The study's runs.
        send: Runs ``wandb <arguments>`` and returns its exit status.
        declare: Attaches the lineage of a run that is uploaded.

    Raises:
        ConfigError: W&B refuses an upload; what was sent before it stays marked.
    """
    execute, attach_to = send or _wandb, declare or declare_lineage
    sent = left = 0
    for item in offline_runs(runs):
        if (item.sent and item.mark.exists()) or item.run.state == "running":
            left += 1
            continue
        with _where_it_was_recorded(item):
            if not item.sent and execute(["sync", str(item.file.parent)]) != 0:
                raise ConfigError(
                    f"W&B did not take {item.run.name}; `wandb login` first, then repeat"
                )
        attach_to(item)
        with storage_errors(item.mark):
            item.mark.touch()
        sent += 1
    return sent, left


def declare_lineage(item: OfflineRun) -> None:
    """Continue the uploaded run for a moment, to declare what it was made of.

    Raises:
        ConfigError: W&B cannot be reached, or refuses.
    """
    import wandb

    run, declared = item.run, item.lineage
    if not declared:
        return
    logger = run.config.get("logger", {})
    with tempfile.TemporaryDirectory() as folder, staged_below(Path(folder), "online"):
        try:
            online = wandb.init(
                dir=folder,
                mode="online",
                id=item.id,
                resume="must",
                project=logger.get("project"),
                entity=logger.get("entity"),
                reinit="create_new",
                settings=quiet(),
            )
            try:
                attach(online, declared)
            finally:
                online.finish(exit_code=0 if run.finished else 1)
        except (wandb.errors.Error, ValueError, OSError) as error:
            line = next(iter(str(error).splitlines()), type(error).__name__)
            raise ConfigError(
                f"W&B has {run.name}, but not its lineage ({line}); repeat the command"
            ) from error


@contextmanager
def _where_it_was_recorded(item: OfflineRun) -> Iterator[None]:
    """Let W&B find the files that it knows by absolute paths, although the run has been renamed.

    A repetition (force=true) grows in a folder of another name than the one that it ends in.
    """
    recorded = Path(item.lineage.get("folder", item.run.path))
    if recorded.exists() or not recorded.parent.is_dir():
        yield
        return
    recorded.symlink_to(item.run.path.resolve(), target_is_directory=True)
    try:
        yield
    finally:
        recorded.unlink()


def _wandb(arguments: Sequence[str]) -> int:
    environment = {**os.environ, "WANDB_MODE": "online"}
    command = [sys.executable, "-m", "wandb", *arguments]
    return subprocess.run(command, check=False, env=environment).returncode
