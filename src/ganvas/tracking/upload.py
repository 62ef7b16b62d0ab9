"""Sending the offline W&B runs of a study, each once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ganvas.errors import ConfigError
from ganvas.study.records import Run

Send = Callable[[Sequence[str]], int]


@dataclass(frozen=True)
class OfflineRun:
    """One offline W&B run inside a run's folder.

    Attributes:
        run: The run that it belongs to.
        file: Its `run-<id>.wandb`.
    """

    run: Run
    file: Path

    @property
    def sent(self) -> bool:
        """Whether W&B has marked it as uploaded."""
        return self.file.with_name(f"{self.file.name}.synced").exists()


def offline_runs(runs: Sequence[Run]) -> list[OfflineRun]:
    """Return the newest offline W&B run of each run that has one."""
    found = []
    for run in runs:
        files = sorted(run.path.glob("wandb/offline-run-*/run-*.wandb"))
        if files:
            found.append(OfflineRun(run, files[-1]))
    return found


def send_offline_runs(runs: Sequence[Run], send: Send | None = None) -> tuple[int, int]:
    """Upload what has finished and was not uploaded before; return (sent, left out).

    Calling it again sends only what has come since: W&B marks a file when it has it all. Runs
    that still work are left out, because their curve would be cut off.

    Args:
        runs: The study's runs.
        send: Runs ``wandb <arguments>`` and returns its exit status.

    Raises:
        ConfigError: W&B refuses an upload; what was sent before it stays marked.
    """
    execute = send or _wandb
    sent = left = 0
    for item in offline_runs(runs):
        if item.sent or item.run.status["state"] == "running":
            left += 1
            continue
        if execute(["sync", str(item.file.parent)]) != 0:
            raise ConfigError(
                f"W&B did not take {item.run.name}; `wandb login` first, then repeat the command"
            )
        sent += 1
    return sent, left


def _wandb(arguments: Sequence[str]) -> int:
    environment = {**os.environ, "WANDB_MODE": "online"}
    command = [sys.executable, "-m", "wandb", *arguments]
    return subprocess.run(command, check=False, env=environment).returncode
