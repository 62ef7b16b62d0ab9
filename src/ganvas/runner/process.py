"""What a run sets in its process while it works: threads, seeds, determinism, signals, its log."""

from __future__ import annotations

import logging
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ganvas.generator.config import loaded
from ganvas.runner.settings import Experiment, Trainer
from ganvas.runner.signals import StopSignal
from ganvas.system.files import storage_errors
from ganvas.system.memory import keep_freed_memory
from ganvas.system.tf32 import allow_tf32, is_tf32_allowed

if TYPE_CHECKING:
    from ganvas.generator import Generator, GeneratorConfig
    from ganvas.runner.progress import Bar

log = logging.getLogger("ganvas")

_log_file: ContextVar[Path | None] = ContextVar("log_file", default=None)
"""The log of the run that is at work; each of several has a context of its own."""


@dataclass(frozen=True)
class Process:
    """What a run uses of its process.

    Attributes:
        bar: The progress bar.
        stop: The flag of Ctrl-C and SIGTERM.
        load: Loads a generator; runs that are to share a loop get the same one.
    """

    bar: Bar
    stop: StopSignal
    load: Callable[[GeneratorConfig], Generator]


@contextmanager
def of_its_own(experiment: Experiment) -> Iterator[Process]:
    """Give a run the process for itself: bar, signals, threads and all that `configured` sets."""
    from ganvas.runner.progress import Bar

    trainer = experiment.trainer
    with Bar(trainer.progress) as bar, configured(trainer, experiment.seed), StopSignal() as stop:
        yield Process(bar, stop, loaded)


@contextmanager
def configured(trainer: Trainer, seed: int) -> Iterator[None]:
    """Set threads, determinism, arithmetic and seeds for one run.

    Threads, determinism, cuDNN's benchmark and TensorFloat-32 are as they were for the next job of
    the process. The random generators are not: each run seeds them, and what comes behind it goes
    on from there. The allocator, cuBLAS's workspace and the filling of fresh memory are set for
    good.
    """
    import numpy as np
    import torch

    threads = torch.get_num_threads()
    determinism = torch.get_deterministic_debug_mode()
    benchmark, tf32 = torch.backends.cudnn.benchmark, is_tf32_allowed()
    # What cuBLAS asks for where it is to be deterministic; read when it starts.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    keep_freed_memory()
    torch.set_num_threads(trainer.threads or threads)
    # The same as `use_deterministic_algorithms`, which imports torch's compiler, unused here.
    torch.set_deterministic_debug_mode("warn" if trainer.deterministic else "default")
    # Filling fresh memory guards against reading it; nothing here does, and it costs a tenth.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.benchmark = not trainer.deterministic
    allow_tf32(trainer.tf32)
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.set_deterministic_debug_mode(determinism)
        torch.backends.cudnn.benchmark = benchmark
        allow_tf32(*tf32)


@contextmanager
def logging_to(file: Path) -> Iterator[None]:
    """Write ganvas's log, tracebacks included, to a file as well: what is said in this context."""
    with storage_errors(file):
        handler = _FileHandler(file, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    handler.setLevel(logging.DEBUG)
    handler.addFilter(lambda record: _log_file.get() == file)
    before = _log_file.set(file)
    log.addHandler(handler)
    level = log.level
    log.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        _log_file.reset(before)
        log.removeHandler(handler)
        log.setLevel(level)
        handler.close()


@contextmanager
def logging_to_files_alone() -> Iterator[None]:
    """Keep the log out of the terminal, where something else shows how runs stand."""
    shown = log.handlers[:]
    log.handlers[:] = []
    try:
        yield
    finally:
        log.handlers[:] = shown


class _FileHandler(logging.FileHandler):
    """A log that stays silent when the disk is full: the run itself says so in one line."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        pass

    def close(self) -> None:
        with suppress(OSError):
            super().close()
