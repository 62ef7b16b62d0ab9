"""Configuration checked against the typed signatures of its targets, before anything is built.

An option's schema is the signature of the class or function that its `_target_` names. `check`
walks a configuration and returns a tree of `Call`s; `build` makes the objects. Nothing is
instantiated until the whole tree has been found right.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import ConfigDict, PydanticSchemaGenerationError, TypeAdapter, ValidationError

from ganvas.config.changes import MISSING
from ganvas.config.targets import TARGET, explained, join, locate, module_of, parameters, raised_in
from ganvas.errors import (
    ConfigError,
    GanvasError,
    IncompleteError,
    UnknownKeyError,
    about,
    nearest,
)


@dataclass(frozen=True)
class Call:
    """A target with checked arguments; arguments may hold further calls.

    Attributes:
        key: Where it stands in the configuration, such as ``edit.stages.w``.
        target: The class or function.
        arguments: Checked values by name.
    """

    key: str
    target: Callable[..., Any]
    arguments: dict[str, Any]


def check(node: Any, hint: Any, key: str = "") -> Any:
    """Check a plain configuration value against a type.

    Args:
        node: What YAML gives: mappings, lists and scalars.
        hint: The type that is asked for; a mapping with a ``_target_`` must make one of it.
        key: Where the value stands, for messages.

    Returns:
        The value, converted (a list to a tuple, a string to a Path), with a `Call` in place of each
        mapping that has a target or stands where a dataclass is asked for.

    Raises:
        ConfigError: One line that names the key and, for a name, the nearest valid one.
    """
    if node == MISSING:
        raise ConfigError(f"{key} must be given, for example {key}=…")
    if isinstance(node, Mapping):
        return _check_mapping(node, hint, key)
    item = _item_hint(hint, (list, tuple, Iterable))
    if isinstance(node, list) and item is not None and _holds_objects(item):
        return tuple(check(value, item, f"{key}[{i}]") for i, value in enumerate(node))
    return _check_leaf(node, hint, key)


def build(tree: Any) -> Any:
    """Make the objects of a checked tree, inner ones first.

    Raises:
        ConfigError: A constructor refused its values; the key is named.
    """
    if isinstance(tree, Mapping):
        return {name: build(value) for name, value in tree.items()}
    if isinstance(tree, tuple | list):
        return type(tree)(build(value) for value in tree)
    if not isinstance(tree, Call):
        return tree
    return build_call(tree, build)


def build_call(call: Call, build_argument: Callable[[Any], Any]) -> Any:
    """Make the object of one call.

    Args:
        call: The call.
        build_argument: Makes the object of each of its arguments.

    Raises:
        ConfigError: The constructor refused its values; the key is named.
    """
    arguments = {name: build_argument(value) for name, value in call.arguments.items()}
    try:
        return call.target(**arguments)
    except GanvasError as error:
        raise type(error)(f"{call.key or 'configuration'}: {error}") from error
    except ValueError as error:
        raise ConfigError(f"{call.key or 'configuration'}: {error}") from error
    except TypeError as error:
        where = raised_in(error, module_of(call.target))
        raise ConfigError(f"{call.key or 'configuration'}: {error}{where}") from error
    except Exception as error:  # Whatever a user's own class does when it is made.
        why = explained(error, module_of(call.target))
        raise ConfigError(f"{call.key or 'configuration'}: {why}") from error


def _check_mapping(node: Mapping[str, Any], hint: Any, key: str) -> Any:
    if TARGET in node:
        classes = [c for c in alternatives(hint) if inspect.isclass(c) and _holds_objects(c)]
        if not classes and hint is not Any:
            # Whatever a target returned would pass for a number or a path.
            raise ConfigError(f"{key}: a target stands where {_describe(hint)} is asked for")
        target = locate(str(node[TARGET]), key)
        if classes and not _makes(target, classes):
            wanted = " or ".join(c.__name__ for c in classes)
            verb = "is not" if inspect.isclass(target) else "is not annotated to return"
            raise ConfigError(f"{key}: {target.__name__} {verb} a {wanted}")
        return check_call(node, target, key)
    for alternative in alternatives(hint):
        if get_origin(alternative) in (dict, Mapping):
            _, value_hint = get_args(alternative)
            return _check_dict(node, alternative, value_hint, key)
        if dataclasses.is_dataclass(alternative) and not inspect.isabstract(alternative):
            return check_call(node, alternative, key)  # type: ignore[arg-type]
    if hint is Any:
        return dict(node)
    without = f" without {TARGET}" if _holds_objects(hint) else ""
    message = f"{key}: a mapping{without} stands where {_describe(hint)} is asked for"
    raise IncompleteError(message, key, TARGET)


def _check_dict(node: Mapping[str, Any], hint: Any, value_hint: Any, key: str) -> dict[str, Any]:
    names_hint, _ = get_args(hint)
    checked = {}
    for name, value in node.items():
        where = join(key, str(name))
        try:
            checked[_check_leaf(name, names_hint, key)] = check(value, value_hint, where)
        except IncompleteError as error:
            others = [str(other) for other in node if other != name]
            if error.key != where or not others:
                raise
            # What sets a field of an entry that is not there begins a new one by that.
            what = f"unknown key '{where}', without the {error.lacks} of a new one"
            raise UnknownKeyError(what, where, nearest(str(name), others)) from None
    return checked


def check_call(
    node: Mapping[str, Any],
    target: Callable[..., Any],
    key: str,
    check_argument: Callable[[Any, Any, str], Any] = check,
) -> Call:
    """Check a mapping as the arguments of a target.

    Args:
        node: The mapping; its own ``_target_`` is left aside.
        target: A class or function.
        key: Where the mapping stands.
        check_argument: Checks each of the arguments.

    Raises:
        ConfigError: As `check`.
    """
    with about(key or "configuration"):
        fields = parameters(target)
    arguments = {}
    for name, value in node.items():
        if name == TARGET:
            continue
        if name not in fields:
            unknown = join(key, str(name))
            what = f"unknown key '{unknown}'"
            raise UnknownKeyError(what, unknown, nearest(str(name), fields))
        arguments[str(name)] = check_argument(value, fields[name].hint, join(key, str(name)))
    for name, field in fields.items():
        if field.required and name not in arguments:
            raise IncompleteError(f"{join(key, name)} must be given", key, name)
    return Call(key, target, arguments)


def _check_leaf(value: Any, hint: Any, key: str) -> Any:
    if isinstance(value, str) and not value.strip() and Path in alternatives(hint):
        # Of an unset shell variable; as a path it would be the working folder.
        raise ConfigError(f"{key} is empty; name a file or folder, or leave the key out")
    try:
        adapter = _adapter(hint)
        return adapter.validate_json(json.dumps(value), strict=True)
    except PydanticSchemaGenerationError:
        how = f"; GROUP@{key}={value} puts a group's option there" if isinstance(value, str) else ""
        raise ConfigError(
            f"{key}: '{value}' stands where {_describe(hint)} is asked for{how}"
        ) from None
    except ValidationError as error:
        # Of the kinds that a value may be, the one that it comes nearest to.
        problem = max(error.errors(), key=lambda p: (len(p["loc"]), p["type"] == "literal_error"))
        message = str(problem.get("ctx", {}).get("error", problem["msg"]))
        wrong = problem["input"]
        if problem["type"] == "missing":  # of a list with one item for each place
            message = f"item {int(problem['loc'][-1]) + 1} is missing"
        if problem["type"] in ("literal_error", "enum") and isinstance(wrong, str):
            raise ConfigError(
                f"{key}: no option '{wrong}'{nearest(wrong, words_of(hint))}"
            ) from None
        raise ConfigError(f"{key}={value}: {message[0].lower()}{message[1:]}") from None


@cache
def _adapter(hint: Any) -> TypeAdapter[Any]:
    # Objects are made by `Call`s, never by pydantic: what a plain value may be are the other kinds.
    plain = [a for a in alternatives(hint) if not _holds_objects(a)]
    if not plain:
        raise PydanticSchemaGenerationError("only objects are asked for")
    config = ConfigDict(allow_inf_nan=False)
    union: Any = Union.__getitem__(tuple(plain))
    return TypeAdapter(union, config=config)


def alternatives(hint: Any) -> tuple[Any, ...]:
    """Return the members of a union, or the type itself."""
    if get_origin(hint) in (Union, types.UnionType):
        return tuple(b for a in get_args(hint) for b in alternatives(a))
    return (hint,)


def words_of(hint: Any) -> list[str]:
    """Return the words that a type allows, of its items too."""
    if get_origin(hint) is Literal:
        return [v for v in get_args(hint) if isinstance(v, str)]
    if inspect.isclass(hint) and issubclass(hint, Enum):
        return [member.value for member in hint if isinstance(member.value, str)]
    return [word for inner in get_args(hint) for word in words_of(inner)]


def _item_hint(hint: Any, kinds: tuple[Any, ...]) -> Any:
    for alternative in alternatives(hint):
        origin = get_origin(alternative)
        if inspect.isclass(origin) and issubclass(origin, kinds) and not issubclass(origin, dict):
            return get_args(alternative)[0]
    return None


def _holds_objects(hint: Any) -> bool:
    """Return True when values of this type are made by targets rather than written in YAML."""
    plain = (str, int, float, bool, Path, Enum, type(None))
    for alternative in alternatives(hint):
        bare = get_args(alternative)[0] if get_origin(alternative) is Annotated else alternative
        if get_origin(bare) is not None:
            if any(_holds_objects(a) for a in get_args(bare) if inspect.isclass(a)):
                return True
        # `Any` is a class, but asks for nothing.
        elif bare is not Any and inspect.isclass(bare) and not issubclass(bare, plain):
            return True
    return False


def _makes(target: Callable[..., Any], classes: Sequence[type]) -> bool:
    made = target if inspect.isclass(target) else get_type_hints(target).get("return")
    return inspect.isclass(made) and any(issubclass(made, c) for c in classes)


def _describe(hint: Any) -> str:
    bare = [get_args(a)[0] if get_origin(a) is Annotated else a for a in alternatives(hint)]
    return " or ".join(getattr(a, "__name__", str(a)) for a in bare)
