"""The run's own record, and loggers (`logger=`) as sinks of it."""

from ganvas.tracking.csv import CSV
from ganvas.tracking.record import Record
from ganvas.tracking.sink import Logger, NoLogger, Outcome, Row, RunInfo, Sink
from ganvas.tracking.tensorboard import TensorBoard
from ganvas.tracking.wandb import WandB

__all__ = [
    "CSV",
    "Logger",
    "NoLogger",
    "Outcome",
    "Record",
    "Row",
    "RunInfo",
    "Sink",
    "TensorBoard",
    "WandB",
]
