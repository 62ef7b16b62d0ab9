"""The code outside ganvas that a configuration names, and what tells that it has changed."""

from __future__ import annotations

import hashlib
import inspect
import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ganvas.config.schema import Call
from ganvas.config.targets import module_of, name_of
from ganvas.runner.directory import RunDirectory
from ganvas.system.files import sha256

log = logging.getLogger("ganvas")

_NOT_OWN = {"ganvas", "torch", "numpy", "pydantic", *sys.stdlib_module_names}
"""Packages whose versions are recorded, or that are of Python."""

Code = dict[str, str]
"""SHA-256 by module, or, where that is no file, as in a notebook, by class or function."""


def own_code(tree: Any) -> Code:
    """Return the hashes of the code outside ganvas that a checked tree names."""
    code: Code = {}
    for target in own_targets(tree):
        if (file := source_file(module_of(target))) is not None:
            code[module_of(target)] = sha256(file)
        else:
            code[name_of(target)] = _text_hash(target)
    return dict(sorted(code.items()))


def own_files(tree: Any) -> Iterator[Path]:
    """Iterate over the files of the code outside ganvas that a checked tree names."""
    modules = dict.fromkeys(module_of(target) for target in own_targets(tree))
    yield from filter(None, map(source_file, modules))


def own_targets(tree: Any) -> Iterator[Callable[..., Any]]:
    """Iterate over the classes and functions outside ganvas, and the bases of these classes."""
    if isinstance(tree, Call):
        yield from _own_bases(tree.target)
        tree = tree.arguments
    if isinstance(tree, Mapping):
        tree = tuple(tree.values())
    if isinstance(tree, tuple | list):
        for item in tree:
            yield from own_targets(item)


def tell_changed(run: RunDirectory, tree: Any) -> None:
    """Name the own code that is no longer what a finished run was made with.

    A signature says what parts are called and what they are given, not what they do.
    """
    before = run.provenance.get("own_code") or {}
    changed = [name for name, now in own_code(tree).items() if before.get(name, now) != now]
    if changed:
        log.warning("%s has changed since; force=true repeats the run", ", ".join(changed))


def source_file(module: str) -> Path | None:
    """Return the file of an imported module, or None where there is none, as for a notebook's."""
    file = getattr(sys.modules.get(module), "__file__", None)
    return Path(file) if file and Path(file).is_file() else None


@cache
def _own_bases(target: Callable[..., Any]) -> tuple[Callable[..., Any], ...]:
    classes = inspect.getmro(target) if inspect.isclass(target) else (target,)
    return tuple(c for c in classes if module_of(c).partition(".")[0] not in _NOT_OWN)


def _text_hash(target: Callable[..., Any]) -> str:
    functions = [target, *filter(inspect.isfunction, vars(target).values())]
    text = "".join(map(_text, functions))
    return hashlib.sha256(text.encode()).hexdigest() if text else "unknown"


def _text(target: Any) -> str:
    # Python knows where a notebook defines a function, but not where a class.
    try:
        return inspect.getsource(target)
    except (OSError, TypeError):
        return ""
