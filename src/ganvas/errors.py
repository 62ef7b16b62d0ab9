"""Every error that ganvas raises on purpose.

GanvasError                one line for the user, no traceback on the command line
├── ConfigError            a key, an option or a value of the configuration (exit code 2)
│   ├── UnknownKeyError    a key that the option does not have
│   └── IncompleteError    a mapping that lacks what would make something of it
├── InputError             an image, a mask, a folder that was given (exit code 2)
│   └── DamagedError       a run's record lacks a file, or holds one that is cut
├── AssetError             weights that cannot be had or do not match their hash (exit code 2)
├── CheckpointError        a generator file that cannot be read safely (exit code 2)
├── StorageError           no room, no right to write, a run folder in use (exit code 2)
├── RunError               a run that failed while it worked (exit code 1)
├── Pruned                 a search stopped a run that was hopeless (exit code 0)
└── Interrupted            the user or the system asked to stop; it can go on (exit code 130)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches


class GanvasError(Exception):
    """Base of all errors that ganvas raises on purpose; `exit_code` is the process's status."""

    exit_code = 2


class ConfigError(GanvasError):
    """The configuration names something that does not exist or has a value out of range."""


class UnknownKeyError(ConfigError):
    """The configuration sets a key that its option does not have.

    Attributes:
        key: The key, from the root on.
        what: What is wrong with it.
    """

    def __init__(self, what: str, key: str = "", hint: str = "") -> None:
        super().__init__(what + hint)
        self.what = what
        self.key = key


class IncompleteError(ConfigError):
    """A mapping lacks what would make something of it.

    Attributes:
        key: Where the mapping stands.
        lacks: The name of what it lacks.
    """

    def __init__(self, message: str, key: str = "", lacks: str = "") -> None:
        super().__init__(message)
        self.key = key
        self.lacks = lacks


class InputError(GanvasError):
    """A photograph, mask or folder is missing, broken or unsuitable."""


class DamagedError(InputError):
    """A file of a run's record is missing, cut, of another run, or of a newer version of ganvas."""


class AssetError(GanvasError):
    """Weights are missing and cannot be fetched, or their hash differs."""


class CheckpointError(GanvasError):
    """A generator's file cannot be read, or is of an unsupported kind."""


class StorageError(GanvasError):
    """The run's folder cannot be used: no space, no permission, or in use by another process."""


class RunError(GanvasError):
    """A run failed while it worked."""

    exit_code = 1


class Pruned(GanvasError):  # noqa: N818
    """A search asked the run to stop, because its curve is worse than those of others."""

    exit_code = 0


class Interrupted(GanvasError):  # noqa: N818
    """The run was asked to stop; its state is saved and the same command continues it."""

    exit_code = 130


@contextmanager
def about(what: str, kind: type[GanvasError] = ConfigError) -> Iterator[None]:
    """Let an error of a kind that is raised inside of the block begin with what it is about.

    Args:
        what: A key, a file, a reason.
        kind: The class of the errors; it is also that of what is raised in their place.
    """
    try:
        yield
    except kind as error:
        raise kind(f"{what}: {error}") from error


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the hint ``; did you mean 'x'?`` or, with nothing near, the list of known names.

    >>> nearest("stps", ["steps", "terms"])
    "; did you mean 'steps'?"
    >>> nearest("zzz", ["a", "b"])
    '; known: a, b'
    """
    known = sorted(known)
    close = get_close_matches(name, known, n=1, cutoff=0.55)
    if close:
        return f"; did you mean '{close[0]}'?"
    if not known:
        return ""
    shown = ", ".join(known[:20])
    return f"; known: {shown}" + (", …" if len(known) > 20 else "")


def one_or(*counts: int) -> str:
    """Return how many files serve photographs: one for all of them, or as many as `counts` say.

    >>> one_or(3), one_or(1), one_or(3, 6)
    ('1 or 3', '1', '1, 3 or 6')
    """
    *others, last = (str(count) for count in sorted({1, *counts}))
    return f"{', '.join(others)} or {last}" if others else last


def shape_of(value: object) -> str:
    """Return the shape of a tensor or array, or the type of what is neither.

    >>> shape_of(3.0)
    'float'
    """
    shape = getattr(value, "shape", None)
    return type(value).__name__ if shape is None else str(tuple(shape))


def first_line(error: Exception) -> str:
    """Return the first line of an error's text that says something."""
    said = [line.strip() for line in str(error).splitlines() if line.strip()]
    return said[0] if said else type(error).__name__
