"""The settings of `hydra/launcher=slurm`."""

from __future__ import annotations

import importlib.util
import shutil
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from ganvas.errors import ConfigError

Count = Annotated[int, Field(ge=1)]
MARGIN_SECONDS = 10


@dataclass(frozen=True)
class SlurmSettings:
    """What each job of a study asks SLURM for.

    Attributes:
        jobs: Most jobs of an array that run at a time; null: as many as SLURM lets.
        threads: CPU threads, and cores, of each job. Fixed, because results depend on it to the
            last bits.
        gpus: GPUs of each job.
        memory_mib: MiB of main memory of each job; null: the cluster's default.
        timeout_min: Time limit of a job in minutes. A run that needs longer is saved, goes back
            into the queue, and continues.
        signal_delay_s: Seconds before the limit at which the run is asked to save its state.
        max_num_timeout: How often a run may go back into the queue for want of time.
        partition: SLURM's partition; null: the default one.
        account: Whom the time is charged to.
        qos: SLURM's quality of service.
        setup: Lines of shell before the job, such as ``module load cuda``.
        additional: Further options of sbatch by name, such as ``{constraint: a100}``.
    """

    jobs: Count | None = None
    threads: Count = 1
    gpus: Annotated[int, Field(ge=0)] = 0
    memory_mib: Count | None = None
    timeout_min: Count = 60
    signal_delay_s: Count = 90
    max_num_timeout: Annotated[int, Field(ge=0)] = 20
    partition: str | None = None
    account: str | None = None
    qos: str | None = None
    setup: tuple[str, ...] = ()
    additional: dict[str, str | int | bool] | None = None

    def __post_init__(self) -> None:
        if self.signal_delay_s > self.timeout_min * 60 - MARGIN_SECONDS:
            raise ConfigError(
                f"signal_delay_s={self.signal_delay_s} leaves no time to work in "
                f"timeout_min={self.timeout_min}"
            )
        if importlib.util.find_spec("submitit") is None:
            raise ConfigError("needs submitit: pip install -e '.[slurm]'")
        for command in ("sbatch", "srun", "squeue", "scontrol"):
            if shutil.which(command) is None:
                raise ConfigError(f"there is no `{command}` here; is this a node of the cluster?")

    def parameters(self, count: int, setup: list[str]) -> dict[str, Any]:
        """Return the parameters of submitit's executor for `count` jobs.

        Args:
            count: Jobs of the array.
            setup: Lines of shell before the user's own.
        """
        asked = {
            "time": self.timeout_min,
            "signal_delay_s": self.signal_delay_s,
            "cpus_per_task": self.threads,
            "ntasks_per_node": 1,
            "gpus_per_node": self.gpus or None,
            "mem": f"{self.memory_mib}M" if self.memory_mib else None,
            "partition": self.partition,
            "account": self.account,
            "qos": self.qos,
            "array_parallelism": self.jobs or count,
            "setup": [*setup, *self.setup],
            "additional_parameters": {"requeue": True, **(self.additional or {})},
            "stderr_to_stdout": True,
        }
        return {name: value for name, value in asked.items() if value is not None}
