"""Checking many jobs that share most of what they are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from ganvas.assets.packaged import packaged
from ganvas.checkpoint.from_file import FromFileConfig
from ganvas.checkpoint.remote import named_file
from ganvas.config.compose import Job
from ganvas.config.hints import unknown_keys_explained
from ganvas.config.schema import Call, build, build_call, check, check_call
from ganvas.runner.job import require_machine
from ganvas.runner.own_code import own_files
from ganvas.runner.settings import Experiment
from ganvas.runner.signature import Identity, identify, text

Result = TypeVar("Result")


@dataclass(frozen=True)
class Checked:
    """A job that is right.

    Attributes:
        experiment: What its configuration builds.
        identity: What its run is called.
        inputs: The files that it reads, and those of code outside ganvas that it names.
    """

    experiment: Experiment
    identity: Identity
    inputs: tuple[Path, ...]


class Checker:
    """Checks jobs and identifies their runs.

    What jobs share as one object (see `ganvas.config.base`) is checked and built once.
    """

    def __init__(self) -> None:
        self._check = OncePerObject(lambda node, hint, key: check(node, hint, key))
        self._build = OncePerObject(build)
        self._text = OncePerObject(text)
        self._paths = OncePerObject(lambda value: (*_paths(value), *own_files(value)))
        self._machines: set[tuple[int, str]] = set()

    def check(self, job: Job) -> Checked:
        """Check one job.

        Raises:
            GanvasError: A mistake in its configuration, or an input that is not there.
        """
        with unknown_keys_explained():
            tree = check_call(job.config, Experiment, "", self._check)
        experiment: Experiment = build_call(tree, self._build)
        # What is built stays in memory, so that an `id` stays its own.
        machine = id(experiment.trainer), job.choices.get("generator", "")
        if machine not in self._machines:
            require_machine(experiment, job)
            self._machines.add(machine)
        paths = [self._paths(v) for name, v in tree.arguments.items() if name != "output"]
        identity = identify(tree, job.choices.get("edit", "edit"), self._text)
        return Checked(experiment, identity, tuple(path for some in paths for path in some))


class OncePerObject(Generic[Result]):
    """A function that remembers its results by the identity of its first argument.

    Args:
        function: It must depend on nothing but its arguments.
    """

    def __init__(self, function: Callable[..., Result]) -> None:
        self._function = function
        # The object stays in memory with the result, so that its `id` stays its own.
        self._known: dict[tuple[Any, ...], tuple[Any, Result]] = {}

    def __call__(self, value: Any, *others: Any) -> Result:
        """Return the function's result."""
        # One object may stand in two places, by interpolation, where other types are asked for.
        which = id(value), *others
        known = self._known.get(which)
        if known is None:
            known = self._known[which] = value, self._function(value, *others)
        return known[1]


def _paths(value: Any) -> Iterator[Path]:
    """Iterate over the paths in a checked tree, which count by their content."""
    if isinstance(value, Call):
        yield from _paths(value.arguments)
        if isinstance(value.target, type) and issubclass(value.target, FromFileConfig):
            file = named_file(value.arguments.get("checkpoint"))
            yield from () if file is None else (file,)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _paths(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _paths(item)
    elif isinstance(value, Path):
        yield packaged(value)
