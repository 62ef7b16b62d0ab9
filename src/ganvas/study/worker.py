"""The process of one job.

The processes are forked from a server that has imported everything once, so that a job of a second
does not wait ten for its imports.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import Any

from ganvas.config.compose import Job
from ganvas.errors import GanvasError
from ganvas.system.environment import environment
from ganvas.system.streams import show_all

PRELOADED = ["ganvas.runner.engine", "ganvas.runner.job", "ganvas.study.worker"]
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class Lock:
    """The lock on a run's folder, on its way into the job's process.

    Args:
        file: A descriptor from `RunDirectory.try_lock`.
    """

    def __init__(self, file: int) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Callable[[Any], Lock], tuple[Any]]:
        return _arrived, (DupFd(self.file),)


def _arrived(copy: Any) -> Lock:
    return Lock(copy.detach())


@contextmanager
def server(threads: int) -> Iterator[ForkServerContext]:
    """Start the server, with the number of threads that its jobs compute with."""
    context = get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    with environment(dict.fromkeys(THREADS, str(threads))):
        yield context


def work(
    job: Job,
    folders: Sequence[Path],
    lock: Lock,
    run: Path,
    gpu: str | None,
    threads: int,
    again: bool = False,
) -> None:
    """Execute one job and leave with its exit code; runs in the job's own process.

    Args:
        job: The job, resolved.
        folders: The user's own folders, beside whose options their modules lie.
        lock: The lock on the folder that it works in.
        run: That folder; the process's output goes to `worker.log` there.
        gpu: CUDA_VISIBLE_DEVICES; None leaves it as it is.
        threads: CPU threads.
        again: Whether the launcher tries the job once more, which `retry_failed` does not forbid.
    """
    # A session of its own: Ctrl-C in the terminal reaches the launcher, which asks jobs to stop,
    # and a terminal that closes takes no job with it.
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.set_inheritable(lock.file, False)
    file = os.open(run / "worker.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(file, 1)
    os.dup2(file, 2)
    show_all(sys.stdout)
    if gpu is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpu
    for folder in folders:
        sys.path.insert(0, str(folder.resolve()))
    logging.getLogger("ganvas").propagate = False
    import torch

    from ganvas.runner.job import execute

    torch.set_num_threads(threads)
    try:
        execute(job, lock.file, run, retry=again)
    except GanvasError as error:
        print(f"ganvas: {error}", file=sys.stderr, flush=True)
        sys.exit(error.exit_code)
