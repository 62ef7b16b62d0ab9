"""The run's own record, and loggers (`logger=`) as sinks of it."""

from ganvas.tracking.record import Record
from ganvas.tracking.sink import Logger, NoLogger, Outcome, RunInfo, Sink
from ganvas.tracking.wandb import WandB

__all__ = ["Logger", "NoLogger", "Outcome", "Record", "RunInfo", "Sink", "WandB"]
