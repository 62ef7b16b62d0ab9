"""`ganvas run`: validate every job, then hand over to Hydra and its launcher."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from typing import TYPE_CHECKING

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

from ganvas.command.flags import read_flags
from ganvas.command.log import show_log
from ganvas.config.compose import Job, Resolver
from ganvas.config.composition import named, plain, searching
from ganvas.config.groups import config_dir, installed_folders, user_folders
from ganvas.config.handover import closed_keys, open_keys
from ganvas.config.overrides import (
    Words,
    expand,
    is_of_hydra,
    parse,
    probe,
    refuse_several,
)
from ganvas.errors import GanvasError, Interrupted, RunError

if TYPE_CHECKING:
    from rich.console import Console

    from ganvas.study.plan import Planned

log = logging.getLogger("ganvas")

SWEEPER = "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"
LAUNCHER = "hydra._internal.core_plugins.basic_launcher.BasicLauncher"
"""What Hydra uses where nothing else is chosen; ganvas does the same without it."""


def run(words: Sequence[str]) -> int:
    """Compose, validate and execute what `words` (Hydra's grammar) describe; return the exit code.

    Raises:
        GanvasError: A mistake that was found before any work.
    """
    options = read_flags(words)
    folders = user_folders(options.config_dir)
    resolver = Resolver(folders)
    overrides = parse(options.overrides)
    if options.cfg or options.info:
        # Hydra would tell of a mistake in several lines, without the nearest key.
        refuse_several(overrides)
        resolver.compose(overrides)
    if options.cfg or options.info or options.hydra_help:
        return show(for_hydra(words, overrides, resolver))
    show_log()
    if not options.multirun:
        refuse_several(overrides, sweeps=True)
        return execute_all([overrides], any(map(is_of_hydra, overrides)), words, resolver)
    chosen = resolver.compose_hydra(overrides)
    sweep = parse([*space(chosen.sweeper), *overrides])
    if chosen.sweeper._target_ != SWEEPER:
        return search(sweep, for_hydra(words, overrides, resolver), resolver)
    jobs = expand(sweep, resolver.groups)
    if launches_itself(chosen):
        return launch_itself(jobs, resolver, chosen.launcher)
    foreign = chosen.launcher._target_ != LAUNCHER or any(map(is_of_hydra, overrides))
    return execute_all(jobs, foreign, words, resolver)


def execute_all(
    jobs: Sequence[Sequence[Override]], foreign: bool, words: Sequence[str], resolver: Resolver
) -> int:
    """Execute jobs one after another, or as a launcher of somebody else does; return the exit code.

    Args:
        jobs: The overrides of each job.
        foreign: Whether Hydra's launch path is asked for, by a launcher or a key of Hydra's own.
        words: The whole command line.
        resolver: Composes the jobs.

    Raises:
        GanvasError: A mistake in one of the jobs; none has started then.
    """
    from ganvas.study.plan import plan

    multirun = read_flags(words).multirun
    planned = plan(jobs, resolver, keep=multirun)
    state = Jobs()
    if foreign:
        code = hand_over(for_hydra(words, read_flags(words).overrides, resolver), state)
    else:
        code = 0
        for job in planned:
            state.execute(job.resolved(resolver))
    code = code or state.exit_code or tell_unfinished(planned)
    if multirun and not code:
        tell_next(planned)
    return code


def tell_next(planned: Sequence[Planned]) -> None:
    """Name the command that shows a finished sweep."""
    from ganvas.study.job_table import study_name

    print(f"next: ganvas report {study_name(planned[0].final.path.parent)}", file=sys.stderr)


def search(sweep: Sequence[Override], words: Sequence[str], resolver: Resolver) -> int:
    """Let a sweeper search; return the exit code.

    Args:
        sweep: What it searches over.
        words: The command line for Hydra.
        resolver: Composes jobs that hold every value of the search space.

    Raises:
        GanvasError: A mistake in one of these jobs; nothing has started then.
    """
    from ganvas.study.plan import plan

    probes = plan(probe(sweep, resolver.groups), resolver, keep=False)
    state = Jobs(searching=True)
    code = hand_over(words, state) or state.exit_code
    if not code:
        tell_next(probes)
    return code


def for_hydra(words: Sequence[str], overrides: Words, resolver: Resolver) -> list[str]:
    """Return the command line as Hydra takes it: with all fields open, and with all folders."""
    written = {str(o.input_line) for o in parse(overrides)}
    flags = [word for word in words if word not in written]
    # The user's own folder is among the flags.
    return [*flags, *open_keys(overrides, resolver.groups), *searching(installed_folders())]


def space(sweeper: DictConfig) -> list[str]:
    """Return what a sweeper's own settings sweep over, as overrides."""
    return [f"{key}={value}" for key, value in (sweeper.get("params") or {}).items()]


def launches_itself(chosen: DictConfig) -> bool:
    """Return True for a plain sweep with one of ganvas's own launchers.

    It needs nothing of Hydra once the jobs are known, and Hydra would compose each of them twice.
    """
    from ganvas.study.launch import LAUNCHERS

    return chosen.launcher._target_ in LAUNCHERS


def launch_itself(
    jobs: Sequence[Sequence[Override]], resolver: Resolver, launcher: DictConfig
) -> int:
    """Execute the jobs as processes on this machine or on a cluster; return the exit code."""
    from ganvas.study.launch import exit_code, launch, settings_of
    from ganvas.study.plan import plan

    plain = OmegaConf.to_container(launcher, resolve=True)
    assert isinstance(plain, dict)
    settings = settings_of({str(name): value for name, value in plain.items()})
    return exit_code(launch(plan(jobs, resolver), resolver, settings))


def tell_unfinished(planned: Sequence[Planned]) -> int:
    """Name the runs that a launcher of somebody else has left unfinished; return the exit code.

    Such a launcher executes jobs in other processes and tells nothing of how they ended.
    """
    left = [job.final for job in planned if job.final.state != "finished"]
    for folder in left:
        print(f"not finished: {folder.path}  {folder.error}", file=sys.stderr)
    return 1 if left else 0


class Jobs:
    """The jobs of one command: executes them one by one and remembers how they ended.

    Args:
        searching: Whether a sweeper chooses jobs by what earlier ones return.
    """

    def __init__(self, searching: bool = False) -> None:
        self.searching = searching
        self.exit_code = 0
        self.interrupted = False

    def execute_composed(self, config: DictConfig) -> float | None:
        """Execute one job that Hydra composed; see `execute`.

        Raises:
            Interrupted: A search was interrupted, which would else take the job as one that failed.
        """
        about = HydraConfig.get()
        OmegaConf.resolve(config)
        value = self.execute(
            Job(plain(config), named(about.runtime.choices), closed_keys(about.overrides.task))
        )
        if self.searching and self.interrupted:
            raise Interrupted("stopped; the same command continues")
        return value

    def execute(self, job: Job) -> float | None:
        """Execute one job; a failure is reported and leaves the others.

        Returns:
            The value of its `sweep_metric`, which a sweeper may optimise.
        """
        if self.interrupted:
            return None
        from rich.console import Console

        from ganvas.runner.job import execute

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
            return final.get(job.config.get("sweep_metric", ""))
        return None

    def _fail(self, error: GanvasError, console: Console) -> None:
        self.exit_code = max(self.exit_code, error.exit_code)
        console.print(f"ganvas: {error}", markup=False)


def show(words: Sequence[str]) -> int:
    """Print what Hydra prints without a job, such as `--cfg job`; return its exit code.

    Hydra itself would answer a reader that goes away with a traceback.
    """
    shown = io.StringIO()
    with redirect_stdout(shown):
        code = hand_over(words, Jobs())
    print(shown.getvalue(), end="")
    return code


def hand_over(words: Sequence[str], jobs: Jobs) -> int:
    """Let Hydra parse the command line and launch the jobs; return its exit code."""
    main = hydra.main(config_path=str(config_dir()), config_name="config", version_base="1.3")
    before = sys.argv
    sys.argv = ["ganvas run", *words]
    try:
        main(jobs.execute_composed)()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1
    finally:
        sys.argv = before
    return 0
