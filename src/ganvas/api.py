"""The Python entry: the same as `ganvas run`, for notebooks and scripts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ganvas.config.compose import compose_job
from ganvas.config.groups import user_folders
from ganvas.runner.directory import RunDirectory


def run(overrides: Sequence[str] = (), config_dir: Path | str | None = None) -> RunDirectory:
    """Compose, validate and execute one experiment.

    Args:
        overrides: Hydra overrides, as on the command line.
        config_dir: A folder with configuration groups of your own.

    Returns:
        The finished run. A run that is finished already is not repeated.

    Raises:
        GanvasError: See `ganvas.errors`.
    """
    from ganvas.runner.job import execute

    return execute(compose_job(overrides, user_folders(config_dir)))
