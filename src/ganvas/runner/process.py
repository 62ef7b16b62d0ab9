"""What a run sets in its process while it works: threads, seeds, determinism, and its log."""

from __future__ import annotations

import logging
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ganvas.runner.settings import Trainer
from ganvas.system.files import storage_errors
from ganvas.system.memory import keep_freed_memory
from ganvas.system.tf32 import allow_tf32, is_tf32_allowed

log = logging.getLogger("ganvas")


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
    """Write ganvas's log, tracebacks included, to a file as well."""
    with storage_errors(file):
        handler = _FileHandler(file, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    handler.setLevel(logging.DEBUG)
    log.addHandler(handler)
    level = log.level
    log.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
        handler.close()


class _FileHandler(logging.FileHandler):
    """A log that stays silent when the disk is full: the run itself says so in one line."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        pass

    def close(self) -> None:
        with suppress(OSError):
            super().close()
