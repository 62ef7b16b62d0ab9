"""Targets: the classes and functions that a configuration names, and the fields that they take."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from ganvas.errors import ConfigError, nearest

TARGET = "_target_"


@dataclass(frozen=True)
class Parameter:
    """One field of an option: name, type, whether it must be given, and its default."""

    name: str
    hint: Any
    required: bool
    default: Any = None


def join(key: str, name: str) -> str:
    """Join a key and a name below it.

    >>> join("", "mask"), join("edit.stages", "w")
    ('mask', 'edit.stages.w')
    """
    return f"{key}.{name}" if key else name


def locate(path: str, key: str) -> Callable[..., Any]:
    """Import the class or function that a dotted path names.

    Raises:
        ConfigError: There is no such module or attribute; `key` is named.
    """
    key = join(key, TARGET)
    module_name, _, attribute = path.rpartition(".")
    if not module_name:
        raise ConfigError(f"{key}: '{path}' names no module; write MODULE.{path or 'CLASS'}")
    try:
        module = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:  # Whatever a user's own module does when imported.
        raise ConfigError(f"{key}: cannot import '{path}': {_why(error, module_name)}") from error
    target = getattr(module, attribute, None)
    if not callable(target):
        hint = nearest(attribute, _offered(module))
        if module_name == "__main__" and not hint:
            hint = "; what a notebook defines is there alone: for other processes, use a module"
        raise ConfigError(f"{key}: no '{attribute}' in {module_name}{hint}")
    return target  # type: ignore[no-any-return]


def _why(error: BaseException, module: str) -> str:
    """Return what an import that failed has to say, in one line."""
    if not isinstance(error, ImportError | SyntaxError):
        return explained(error, module)
    if isinstance(error, ModuleNotFoundError) and error.name == module.partition(".")[0]:
        return f"{error}; it is neither installed nor beside the options of --config-dir"
    return f"{error}{raised_in(error, module)}"


def _offered(module: Any) -> list[str]:
    """Return the names in a module that a target may be."""
    if hasattr(module, "__all__"):
        return list(module.__all__)
    own = inspect.getmembers(module, lambda m: getattr(m, "__module__", None) == module.__name__)
    return [name for name, member in own if callable(member) and not name.startswith("_")]


@cache
def parameters(target: Callable[..., Any]) -> dict[str, Parameter]:
    """Return the fields of a class or function by name, with their types resolved.

    Raises:
        ConfigError: It says in a way that cannot be read what it takes, such as by the name of a
            type that its module does not have.
    """
    # A dataclass inherits fields whose types are named in another module: its class knows them all.
    signature_source = target.__init__ if _has_own_init(target) else target
    try:
        hints = get_type_hints(signature_source, include_extras=True)
        defaults = {
            field.name: field.default_factory()
            for field in (dataclasses.fields(target) if dataclasses.is_dataclass(target) else ())
            if field.default_factory is not dataclasses.MISSING
        }
        signature = inspect.signature(target)
    except Exception as error:  # Whatever annotations and defaults evaluate to.
        raise ConfigError(
            f"the fields of {name_of(target)} cannot be read: {explained(error, module_of(target))}"
        ) from error
    fields = {}
    for name, parameter in signature.parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        required = parameter.default is parameter.empty
        default = defaults.get(name, parameter.default)
        fields[name] = Parameter(
            name, hints.get(name, Any), required, None if required else default
        )
    return fields


def _has_own_init(target: Callable[..., Any]) -> bool:
    return inspect.isclass(target) and not dataclasses.is_dataclass(target)


def module_of(target: Callable[..., Any]) -> str:
    """Return the module that a class or function is defined in."""
    module = str(getattr(target, "__module__", None) or "")
    # What a script defines is called so in the processes that multiprocessing starts.
    return "__main__" if module == "__mp_main__" else module


def name_of(target: Callable[..., Any]) -> str:
    """Return the full name of a class or function, which tells it from others of its name."""
    return f"{module_of(target)}.{target.__qualname__}"


def explained(error: BaseException, module: str) -> str:
    """Return the kind, the text and the place of an error that somebody's code did not intend.

    Args:
        error: The error.
        module: A module of that code.

    >>> explained(KeyError("a"), "my_mask")
    "KeyError: 'a'"
    """
    return f"{type(error).__name__}: {error}{raised_in(error, module)}"


def raised_in(error: BaseException, module: str) -> str:
    """Return where code outside ganvas raised an error, as `` (my_loss.py, line 9)``, or "".

    Args:
        error: The error.
        module: A module of that code: lines of its package count.
    """
    package = module.partition(".")[0]
    if package == "ganvas":
        return ""
    lines = [
        (frame.f_code.co_filename, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if str(frame.f_globals.get("__name__")).partition(".")[0] == package
    ]
    return f" ({Path(lines[-1][0]).name}, line {lines[-1][1]})" if lines else ""
