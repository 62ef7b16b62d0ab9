"""The Python entry: the same as `ganvas run`, for notebooks and scripts."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from ganvas.config.compose import compose_job
from ganvas.config.groups import user_folders
from ganvas.runner.directory import RunDirectory

_ONE_AT_A_TIME = threading.RLock()
"""A run sets what belongs to the whole process: random numbers, threads, determinism, the log."""


def run(overrides: Sequence[str] = (), config_dir: Path | str | None = None) -> RunDirectory:
    """Compose, validate and execute one experiment.

    Threads of one process may call it; their runs are executed one after another.

    Args:
        overrides: Hydra overrides, as on the command line.
        config_dir: A folder with configuration groups of your own.

    Returns:
        The finished run. A run that is finished already is not repeated.

    Raises:
        GanvasError: See `ganvas.errors`.
    """
    from ganvas.runner.job import execute

    with _ONE_AT_A_TIME:
        return execute(compose_job(overrides, user_folders(config_dir)))
