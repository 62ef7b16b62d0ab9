"""The settings of `hydra/launcher=local`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from ganvas.errors import ConfigError
from ganvas.system.memory import can_measure

Count = Annotated[int, Field(ge=1)]


@dataclass(frozen=True)
class LocalSettings:
    """How the jobs of a study share this machine.

    Attributes:
        jobs: Jobs at a time; null: one per GPU or, without one, one per `threads` cores.
        threads: CPU threads of each job. Fixed, because results depend on it to the last bits: so
            they do not depend on how many jobs run side by side.
        gpus: The GPUs to use, one job each in turn; null: all that this process can see.
        retries: How often a job that died or failed is tried again at once; it continues from its
            last checkpoint.
        memory_mib: Most MiB of main memory that a job may hold before it is killed; null: no limit.
    """

    jobs: Count | None = None
    threads: Count = 1
    gpus: tuple[int, ...] | None = None
    retries: Annotated[int, Field(ge=0)] = 0
    memory_mib: Count | None = None

    def __post_init__(self) -> None:
        if self.memory_mib is not None and not can_measure():
            raise ConfigError("memory_mib: this system does not tell how much memory a job holds")

    def slots(self) -> list[str | None]:
        """Return the CUDA_VISIBLE_DEVICES of each slot for a job; None leaves it as it is."""
        gpus = self._gpus()
        jobs = self.jobs or len(gpus) or max(1, cores() // self.threads)
        return [gpus[slot % len(gpus)] if gpus else None for slot in range(jobs)]

    def _gpus(self) -> list[str]:
        if self.gpus is not None:
            return [str(gpu) for gpu in self.gpus]
        visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        if visible is not None:
            return [gpu.strip() for gpu in visible.split(",") if gpu.strip() not in ("", "-1")]
        return [str(gpu) for gpu in range(_gpu_count())]


def cores() -> int:
    """Return the number of CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _gpu_count() -> int:
    from pathlib import Path

    # Without the driver there is no GPU, and torch need not be imported to find out.
    if not Path("/proc/driver/nvidia").exists():
        return 0
    import torch

    return torch.cuda.device_count()
