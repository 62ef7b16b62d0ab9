"""Which run each job of a sweep is, before any of them starts.

To compose and check a job takes tens of milliseconds, so what was found is kept in the study's
folder, `.plan.json`: starting a study of ten thousand finished runs again takes seconds. Nothing of
it imports torch. An entry holds for as long as program, options and input files are the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ganvas.config.groups import config_dir
from ganvas.errors import GanvasError
from ganvas.runner.directory import RunDirectory
from ganvas.study.composer import Composer
from ganvas.system.files import write_text

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
        inputs: The state of its input files: [path, nanoseconds of the change, bytes] each.
    """

    overrides: Overrides
    path: str
    work: str
    force: bool
    retry_failed: bool
    sweep_metric: str
    steps: int
    inputs: tuple[tuple[str, int, int], ...]

    @property
    def final(self) -> RunDirectory:
        """The run's folder."""
        return RunDirectory(Path(self.path))

    @property
    def working(self) -> RunDirectory:
        """The folder that is locked while the job runs."""
        return RunDirectory(Path(self.work))


def plan(jobs: Sequence[Sequence[str]], user_dirs: Sequence[Path] = ()) -> list[Planned]:
    """Compose, check and identify every job; two of them may turn out to be the same run.

    Args:
        jobs: The overrides of each job.
        user_dirs: The user's own folders of options.

    Raises:
        GanvasError: The first mistake, with the job's number where there are several.
    """
    mark = fingerprint((config_dir(), *user_dirs, Path(__file__).parent.parent))
    composer = Composer(user_dirs)
    first = composer.compose(jobs[0]).config
    study = Path(first.output) / first.study
    known = _read(study, mark)
    found = []
    for number, overrides in enumerate(jobs, 1):
        planned = _recalled(known, tuple(overrides))
        if planned is None:
            try:
                planned = _planned(tuple(overrides), composer)
            except GanvasError as error:
                if len(jobs) == 1:
                    raise
                raise type(error)(f"job {number} of {len(jobs)}: {error}") from error
        found.append(planned)
    fresh = {p.overrides: p for p in found}
    if not fresh.keys() <= known.keys() or any(known[k] is not p for k, p in fresh.items()):
        _write(study, mark, {**known, **fresh})
    return found


def fingerprint(folders: Iterable[Path]) -> str:
    """Hash names, times and sizes of all YAML and Python files below `folders`."""
    digest = hashlib.sha256(str(Path.cwd()).encode())
    for folder in folders:
        for file in sorted((*folder.rglob("*.yaml"), *folder.rglob("*.py"))):
            name, modified, size = _state(file)
            digest.update(f"{name}:{modified}:{size}\n".encode())
    return digest.hexdigest()


def _planned(overrides: Overrides, composer: Composer) -> Planned:
    from ganvas.config.schema import build
    from ganvas.runner.job import folders, require_machine, require_room, validate
    from ganvas.runner.signature import identify

    job = composer.compose(overrides)
    tree = validate(job.config)
    experiment = build(tree)
    require_machine(experiment, job)
    inputs = tuple(_input_states(tree))
    experiment.edit.check_images(_inputs(experiment.image, inputs))
    final, working = folders(experiment, identify(tree, job.choices.get("edit", "edit")))
    if experiment.force or final.state != "finished":
        # Before Hydra makes folders of its own; the run asks again, for all of its images.
        require_room(working.path, images=1)
    return Planned(
        overrides,
        str(final.path),
        str(working.path),
        experiment.force,
        experiment.retry_failed,
        experiment.sweep_metric,
        experiment.edit.steps,
        inputs,
    )


_NAMES: dict[tuple[Any, ...], tuple[str, ...]] = {}


def _inputs(image: Any, inputs: tuple[tuple[str, int, int], ...]) -> tuple[str, ...]:
    """Decode the pictures once for all jobs that use the same ones; return the inputs' names."""
    key = (image, inputs)
    if key not in _NAMES:
        _NAMES[key] = tuple(image.read())
    return _NAMES[key]


def _input_states(value: Any) -> Iterator[tuple[str, int, int]]:
    """Iterate over the state of every path in a checked tree that counts by its content."""
    from ganvas.config.schema import Call
    from ganvas.image.find import packaged

    if isinstance(value, Call):
        kept = {k: v for k, v in value.arguments.items() if value.key or k != "output"}
        yield from _input_states(kept)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _input_states(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _input_states(item)
    elif isinstance(value, Path):
        yield _state(packaged(value))


def _state(path: Path) -> tuple[str, int, int]:
    try:
        stat = path.stat()
    except OSError:
        # A glob: no state of its own, so its jobs are composed again. Or a dangling link.
        return str(path), -1, -1
    return str(path), stat.st_mtime_ns, stat.st_size


def _recalled(known: dict[Overrides, Planned], overrides: Overrides) -> Planned | None:
    planned = known.get(overrides)
    if planned is None:
        return None
    for name, modified, size in planned.inputs:
        path = Path(name)
        if modified < 0 or path.is_dir() or _state(path) != (name, modified, size):
            return None
    return planned


def _read(study: Path, mark: str) -> dict[Overrides, Planned]:
    try:
        content = json.loads((study / ".plan.json").read_text(encoding="utf-8"))
        if content["fingerprint"] != mark:
            return {}
        found = {}
        for entry in content["jobs"]:
            planned = Planned(**entry)
            inputs = tuple((str(n), int(t), int(s)) for n, t, s in planned.inputs)
            overrides = tuple(planned.overrides)
            found[overrides] = replace(planned, overrides=overrides, inputs=inputs)
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return found


def _write(study: Path, mark: str, jobs: dict[Overrides, Planned]) -> None:
    content = {"fingerprint": mark, "jobs": [asdict(p) for p in jobs.values()]}
    write_text(study / ".plan.json", json.dumps(content))
