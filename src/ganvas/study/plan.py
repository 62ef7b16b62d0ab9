"""Which run each job of a sweep is, before any of them starts.

The plan is kept in the study's folder, `.plan.json`: starting a study of ten thousand
finished runs again takes seconds. Nothing of it imports torch. An entry holds for as long as
program, options and input files are the same, and not where its values come from elsewhere,
such as the environment.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganvas.config.compose import Job, Resolver
from ganvas.config.groups import config_dir
from ganvas.config.overrides import Words
from ganvas.errors import GanvasError
from ganvas.runner.directory import RunDirectory
from ganvas.system.files import remove_abandoned, write_text
from ganvas.system.state import FileState, file_state, folder_state

if TYPE_CHECKING:
    from ganvas.study.check import Checker

Overrides = tuple[str, ...]


@dataclass(frozen=True)
class Planned:
    """One job of a study, checked.

    Attributes:
        overrides: What makes it, in Hydra's grammar.
        path: The folder of its result.
        work: The folder that it works in; another one than `path` for a repetition.
        force: Repeat it though it is finished.
        retry_failed: Try it again though it has failed.
        sweep_metric: The final metric that a sweeper optimises.
        steps: Optimisation steps.
        inputs: The state of its input files, and of those of the user's own code: [path,
            nanoseconds of the change, bytes] each.
        lasting: Whether nothing but its overrides, options and inputs says what it is.
        job: Its configuration; None where the plan was known.
    """

    overrides: Overrides
    path: str
    work: str
    force: bool
    retry_failed: bool
    sweep_metric: str
    steps: int
    inputs: tuple[FileState, ...]
    lasting: bool = True
    job: Job | None = field(default=None, repr=False, compare=False)

    def resolved(self, resolver: Resolver) -> Job:
        """Return the job with its configuration."""
        return self.job or resolver.resolve(self.overrides)

    @property
    def final(self) -> RunDirectory:
        """The run's folder."""
        return RunDirectory(Path(self.path))

    @property
    def working(self) -> RunDirectory:
        """The folder that is locked while the job runs."""
        return RunDirectory(Path(self.work))


def plan(
    jobs: Sequence[Words], resolver: Resolver | None = None, keep: bool = True
) -> list[Planned]:
    """Compose, check and identify every job; two of them may turn out to be the same run.

    Args:
        jobs: The overrides of each job.
        resolver: Composes them; None: with the program's own options alone.
        keep: Write them into the plan of their study, as those of a sweep that is to run.

    Raises:
        GanvasError: The first mistake, with the job's number where there are several.
    """
    resolver = resolver or Resolver()
    jobs = [tuple(job) for job in jobs]
    mark = _mark(resolver)
    planning = Planning(resolver)
    study = planning.study(jobs[0])
    known = _read(study, mark)
    planned = []
    for number, words in enumerate(jobs, 1):
        one = _recalled(known, _lines(words))
        if one is None:
            try:
                one = planning.plan(words)
            except GanvasError as error:
                if len(jobs) == 1:
                    raise
                raise type(error)(f"job {number} of {len(jobs)}: {error}") from error
        planned.append(one)
    if keep:
        _keep_all(study, mark, known, planned)
    return planned


def keep_plan(planned: Sequence[Planned], resolver: Resolver) -> None:
    """Write jobs that were only checked into the plan of their study: they are to run now."""
    study, mark = Path(planned[0].path).parent, _mark(resolver)
    _keep_all(study, mark, _read(study, mark), planned)


def not_there(study: Path) -> list[str]:
    """Return the names of runs that sweeps have planned in a study and that have no folder yet."""
    try:
        content = json.loads((study / ".plan.json").read_text(encoding="utf-8"))
        return [name for name in content["runs"] if not (study / name).exists()]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _lines(words: Words) -> Overrides:
    return tuple(word if isinstance(word, str) else str(word.input_line) for word in words)


def _mark(resolver: Resolver) -> str:
    return fingerprint((config_dir(), *resolver.user_dirs, Path(__file__).parent.parent))


def fingerprint(folders: Iterable[Path]) -> str:
    """Hash names, times and sizes of all YAML and Python files below `folders`."""
    # `repr` writes what is no text in a folder's name, too.
    states = folder_state(folders, ".yaml", ".py")
    return hashlib.sha256(repr((str(Path.cwd()), states)).encode()).hexdigest()


class Planning:
    """Plans the jobs of one study.

    Args:
        resolver: Composes them.
    """

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self._checker: Checker | None = None
        self._inputs: dict[tuple[Any, ...], tuple[str, ...]] = {}
        self._fitting: set[tuple[Any, ...]] = set()

    def study(self, words: Words) -> Path:
        """Return the folder of the study that a job belongs to.

        Raises:
            ConfigError: Its name or its place is none.
        """
        config = self.resolver.resolve(words).config
        output, study = config.get("output"), config.get("study")
        if not (isinstance(output, str) and isinstance(study, str)):
            from ganvas.config.schema import build
            from ganvas.runner.job import validate

            # It says what is wrong, or knows what stands for a key that was taken away.
            experiment = build(validate(config))
            return Path(experiment.output, experiment.study)
        return Path(output, study)

    def plan(self, words: Words) -> Planned:
        """Compose, check and identify one job.

        Raises:
            GanvasError: A mistake in it, an input that is not there, or no room for its result.
        """
        # A study whose plan is known needs none of these.
        from ganvas.runner.job import folders, require_room
        from ganvas.study.check import Checker

        self._checker = self._checker or Checker()
        job = self.resolver.resolve(words)
        checked = self._checker.check(job)
        experiment = checked.experiment
        inputs = tuple(map(file_state, checked.inputs))
        self._require_images(experiment, inputs)
        final, working = folders(experiment, checked.identity)
        if experiment.force or final.state != "finished":
            # Before Hydra makes folders of its own; the run asks again, for all of its images.
            require_room(working.path, images=1)
        return Planned(
            _lines(words),
            str(final.path),
            str(working.path),
            experiment.force,
            experiment.retry_failed,
            experiment.sweep_metric,
            experiment.edit.steps,
            inputs,
            self.resolver.is_closed(words),
            job,
        )

    def _require_images(self, experiment: Any, inputs: tuple[Any, ...]) -> None:
        """Decode the pictures, and hold the recipe against their names, once for jobs alike."""
        known = experiment.image, inputs
        if known not in self._inputs:
            self._inputs[known] = tuple(experiment.image.read())
        names = self._inputs[known]
        # The checker keeps what it has built, so that an `id` stays its own.
        if (id(experiment.edit), names) not in self._fitting:
            experiment.edit.check_images(names)
            self._fitting.add((id(experiment.edit), names))


def _recalled(known: dict[Overrides, Planned], overrides: Overrides) -> Planned | None:
    planned = known.get(overrides)
    if planned is None or not planned.lasting:
        return None
    for name, modified, size in planned.inputs:
        path = Path(name)
        # A glob has no state of its own, so its jobs are composed again.
        if modified < 0 or path.is_dir() or file_state(path) != (name, modified, size):
            return None
    return planned


def _read(study: Path, mark: str) -> dict[Overrides, Planned]:
    try:
        content = json.loads((study / ".plan.json").read_text(encoding="utf-8"))
        if content["fingerprint"] != mark:
            return {}
        jobs = {}
        for entry in content["jobs"]:
            planned = Planned(**entry)
            inputs = tuple((str(n), int(t), int(s)) for n, t, s in planned.inputs)
            overrides = tuple(planned.overrides)
            jobs[overrides] = replace(planned, overrides=overrides, inputs=inputs)
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return jobs


def _by_study(planned: Iterable[Planned]) -> dict[Path, dict[Overrides, Planned]]:
    """Return the jobs of each study's folder; a sweep may be over `study` or `output`."""
    folders: dict[Path, dict[Overrides, Planned]] = {}
    for one in planned:
        folders.setdefault(Path(one.path).parent, {})[one.overrides] = one
    found: dict[Path, dict[Overrides, Planned]] = {}
    for folder, jobs in folders.items():
        found.setdefault(folder.resolve(), {}).update(jobs)
    return found


def _keep_all(
    study: Path, mark: str, known: dict[Overrides, Planned], planned: Sequence[Planned]
) -> None:
    _keep(study, mark, known, {p.overrides: p for p in planned})
    for other, own in _by_study(planned).items():
        if other != study.resolve():
            _keep(other, mark, _read(other, mark), own)


def _keep(
    study: Path, mark: str, known: dict[Overrides, Planned], fresh: dict[Overrides, Planned]
) -> None:
    """Add jobs to the plan in a study's folder, where it does not hold them already."""
    if any(known.get(overrides) != one for overrides, one in fresh.items()):
        _write(study, mark, {**known, **fresh})


def _write(study: Path, mark: str, jobs: dict[Overrides, Planned]) -> None:
    names = [field.name for field in fields(Planned) if field.name != "job"]
    entries = [{name: getattr(p, name) for name in names} for p in jobs.values()]
    # The first study of a sweep over several keeps the jobs of all, which are not its own.
    own = _by_study(jobs.values()).get(study.resolve(), {}).values()
    runs = sorted({Path(p.path).name for p in own})
    content = {"fingerprint": mark, "runs": runs, "jobs": entries}
    remove_abandoned(study, ".plan.json")
    write_text(study / ".plan.json", json.dumps(content))
