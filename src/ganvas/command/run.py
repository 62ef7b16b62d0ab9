"""`ganvas run`: validate every job, then hand over to Hydra and its launcher."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from ganvas.command.flags import read_flags
from ganvas.command.log import show_log
from ganvas.config.compose import Job, compose_hydra, compose_job, named, searching
from ganvas.config.groups import config_dir, installed_folders, user_folders
from ganvas.config.overrides import closed_keys, expand, open_keys, probe
from ganvas.errors import GanvasError, Interrupted, RunError

if TYPE_CHECKING:
    from rich.console import Console

    from ganvas.study.plan import Planned

log = logging.getLogger("ganvas")

SWEEPER = "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"


def run(words: Sequence[str]) -> int:
    """Compose, validate and execute what `words` (Hydra's grammar) describe; return the exit code.

    Raises:
        GanvasError: A mistake that was found before any work.
    """
    options = read_flags(words)
    folders = user_folders(options.config_dir)
    flags = [word for word in words if word not in options.overrides]
    # The user's own folder is among the flags.
    words = [*flags, *open_keys(options.overrides, folders), *searching(installed_folders())]
    if options.cfg or options.info:
        # Hydra would tell of a mistake in several lines, without the nearest key.
        compose_job(options.overrides, folders, resolve=False)
    if options.cfg or options.info or options.hydra_help:
        return hand_over(words, Jobs())
    show_log()
    grid = True
    if options.multirun:
        chosen = compose_hydra(options.overrides, folders)
        sweep = [*space(chosen.sweeper), *options.overrides]
        grid = chosen.sweeper._target_ == SWEEPER
        jobs = (expand if grid else probe)(sweep, folders)
        if launches_itself(chosen):
            return launch_itself(jobs, folders, chosen.launcher)
    else:
        jobs = [list(options.overrides)]
    from ganvas.study.plan import plan

    # Every job is checked, so that none starts when one of them is wrong.
    planned = plan(jobs, folders)
    state = Jobs()
    code = hand_over(words, state) or state.exit_code
    code = code or (tell_unfinished(planned) if grid else 0)
    if options.multirun and not code:
        from ganvas.study.board import study_name

        print(f"next: ganvas report {study_name(planned[0].final.path.parent)}", file=sys.stderr)
    return code


def space(sweeper: DictConfig) -> list[str]:
    """Return what a sweeper's own settings sweep over, as overrides."""
    return [f"{key}={value}" for key, value in (sweeper.get("params") or {}).items()]


def launches_itself(chosen: DictConfig) -> bool:
    """Return True for a plain sweep with one of ganvas's own launchers.

    It needs nothing of Hydra once the jobs are known, and Hydra would compose each of them twice.
    """
    from ganvas.study.launch import LAUNCHERS

    return chosen.launcher._target_ in LAUNCHERS and chosen.sweeper._target_ == SWEEPER


def launch_itself(jobs: list[list[str]], folders: list[Path], launcher: DictConfig) -> int:
    """Execute the jobs as processes on this machine or on a cluster; return the exit code."""
    from ganvas.study.launch import exit_code, launch, settings_of

    plain = OmegaConf.to_container(launcher, resolve=True)
    assert isinstance(plain, dict)
    settings = settings_of({str(name): value for name, value in plain.items()})
    return exit_code(launch(jobs, folders, settings))


def tell_unfinished(planned: Sequence[Planned]) -> int:
    """Name the runs that a launcher of somebody else has left unfinished; return the exit code.

    Such a launcher executes jobs in other processes and tells nothing of how they ended.
    """
    left = [job.final for job in planned if job.final.state != "finished"]
    for folder in left:
        print(f"not finished: {folder.path}  {folder.error}", file=sys.stderr)
    return 1 if left else 0


class Jobs:
    """The jobs of one command: executes them one by one and remembers how they ended."""

    def __init__(self) -> None:
        self.exit_code = 0
        self.interrupted = False

    def execute(self, config: DictConfig) -> float | None:
        """Execute one job that Hydra composed; a failure is reported and leaves the others.

        Returns:
            The value of its `sweep_metric`, which a sweeper may optimise.
        """
        if self.interrupted:
            return None
        from rich.console import Console

        from ganvas.runner.job import execute

        hydra_config = HydraConfig.get()
        OmegaConf.resolve(config)
        overrides = closed_keys(hydra_config.overrides.task)
        job = Job(config, named(hydra_config.runtime.choices), overrides)
        console = Console(stderr=True, soft_wrap=True, highlight=False)
        try:
            result = execute(job)
        except Interrupted as error:
            self.interrupted = True
            self._fail(error, console)
        except GanvasError as error:
            self._fail(error, console)
        except Exception as error:
            log.debug("", exc_info=error)
            self._fail(RunError(f"{type(error).__name__}: {error}"), console)
        else:
            final: dict[str, float] = result.metrics.get("final", {})
            shown = "  ".join(f"{name} {value:.4g}" for name, value in final.items())
            console.print(f"{result.status['state']} {result.path}\n  {shown}", markup=False)
            return final.get(config.sweep_metric)
        return None

    def _fail(self, error: GanvasError, console: Console) -> None:
        self.exit_code = max(self.exit_code, error.exit_code)
        console.print(f"ganvas: {error}", markup=False)


def hand_over(words: Sequence[str], jobs: Jobs) -> int:
    """Let Hydra parse the command line and launch the jobs; return its exit code."""
    main = hydra.main(config_path=str(config_dir()), config_name="config", version_base="1.3")
    before = sys.argv
    sys.argv = ["ganvas run", *words]
    try:
        main(jobs.execute)()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1
    finally:
        sys.argv = before
    return 0
