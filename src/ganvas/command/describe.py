"""What options and their classes say about themselves: fields, types, defaults, docstrings."""

from __future__ import annotations

import dataclasses
import inspect
import re
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml

from ganvas.config.changes import MISSING
from ganvas.config.groups import config_dir
from ganvas.config.schema import alternatives
from ganvas.config.targets import TARGET, Parameter, locate, parameters

_SECTION = re.compile(r"^(?:Attributes|Args):\n((?:[ ]+.*\n?|\n)+)", re.MULTILINE)
_IN_LINE = re.compile(r"\b(?:Attributes|Args): (\w+: .+)")
_PACKAGED = re.compile(r"/(?P<group>[\w/]+)@(?P<key>\w+)")


@dataclass(frozen=True)
class OptionObject:
    """An object that an option makes.

    Attributes:
        key: The key, such as ``edit.stages.w``.
        target: The class or function.
        node: What the option sets.
        named: Whether the end of the key is a name that the option gives, such as ``w``.
    """

    key: str
    target: Callable[..., Any]
    node: Mapping[str, Any]
    named: bool


def summary(file: Path) -> str:
    """Return an option's one-line summary: the first comment of its file, after Hydra's header."""
    lines = file.read_text(encoding="utf-8").splitlines()
    first = next((line for line in lines if not line.startswith("# @")), "")
    return first.removeprefix("#").strip() if first.startswith("#") else ""


def read_option(file: Path) -> dict[str, Any]:
    """Return what an option sets, with the options that it builds on; references stay."""
    node: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    merged: dict[str, Any] = {}
    for entry in node.pop("defaults", ()):
        if isinstance(entry, str) and entry != "_self_":
            merged |= read_option(file.with_name(f"{entry}.yaml"))
        for name, option in entry.items() if isinstance(entry, dict) else ():
            if package := _PACKAGED.fullmatch(name):
                merged[package["key"]] = read_option(
                    config_dir() / package["group"] / f"{option}.yaml"
                )
    return merged | node


def option_objects(file: Path, group: str) -> Iterator[OptionObject]:
    """Iterate over the objects that the option in `file` makes, outer ones first."""
    yield from _option_objects(read_option(file), Any, group)


def _option_objects(
    node: Any, hint: Any, key: str, *, named: bool = False
) -> Iterator[OptionObject]:
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from _option_objects(item, hint, f"{key}[{index}]")
    if not isinstance(node, dict):
        return
    classes = [a for a in alternatives(hint) if dataclasses.is_dataclass(a)]
    target: Any = locate(str(node[TARGET]), key) if TARGET in node else next(iter(classes), None)
    if target is None:
        inner = next((get_args(a)[1] for a in alternatives(hint) if get_origin(a) is dict), Any)
        for name, value in node.items():
            yield from _option_objects(value, inner, f"{key}.{name}", named=True)
        return
    yield OptionObject(key, target, node, named)
    for name, parameter in parameters(target).items():
        value = node.get(name, {} if dataclasses.is_dataclass(parameter.default) else None)
        yield from _option_objects(value, parameter.hint, f"{key}.{name}")


def option_parameters(file: Path, group: str) -> Iterator[tuple[str, Parameter]]:
    """Iterate over (key, field) of the option in `file`, nested ones too."""
    for made in option_objects(file, group):
        for name, parameter in parameters(made.target).items():
            yield f"{made.key}.{name}", parameter


def option_fields(file: Path, group: str) -> Iterator[tuple[str, str]]:
    """Iterate over (key, "type = value: text") of the option in `file`, nested ones too.

    An object under a name that the option gives has (key, "class: text").
    """
    for made in option_objects(file, group):
        if made.named:
            yield made.key, f"{made.target.__name__}: {first_line(made.target)}"
        for name, text in fields_of(made.target, made.node):
            yield f"{made.key}.{name}", text


def first_line(target: Callable[..., Any]) -> str:
    """Return the summary of a class's or function's docstring, without fields that it lists."""
    doc = inspect.cleandoc(target.__doc__ or "").partition("\n\n")[0].replace("\n", " ")
    # A dataclass without a docstring gets its signature as one.
    written = not (dataclasses.is_dataclass(target) and doc.startswith(f"{target.__name__}("))
    return _IN_LINE.split(doc)[0].strip() if written else ""


def by_class(objects: Iterator[OptionObject]) -> dict[Callable[..., Any], list[OptionObject]]:
    """Group objects by the class or function that they make an object of, in their order."""
    classes: dict[Callable[..., Any], list[OptionObject]] = {}
    for made in objects:
        classes.setdefault(made.target, []).append(made)
    return classes


def fields_of(target: Any, values: Mapping[str, Any] | None = None) -> Iterator[tuple[str, str]]:
    """Iterate over (name, "type = value: text") of the fields of a class or function.

    Args:
        target: The class or function.
        values: What an option sets; the other fields have their defaults.
    """
    texts = documented(target)
    for name, parameter in parameters(target).items():
        value = (values or {}).get(name, _default(parameter))
        shown = "" if value == MISSING or _is_nested(value) else f" = {_shown(value)}"
        yield name, f"{type_name(parameter.hint)}{shown}: {texts.get(name, '')}"


def _default(parameter: Parameter) -> Any:
    return MISSING if parameter.required else parameter.default


def _is_nested(value: Any) -> bool:
    """Return True for what has fields of its own, or holds some that have."""
    if isinstance(value, list | tuple):
        return any(_is_nested(item) for item in value)
    return dataclasses.is_dataclass(value) or (isinstance(value, Mapping) and len(value) > 0)


def documented(target: Any) -> dict[str, str]:
    """Return the text of each field in the docstrings of a class (and its bases) or function."""
    texts: dict[str, str] = {}
    for source in reversed(inspect.getmro(target)) if inspect.isclass(target) else (target,):
        doc = inspect.cleandoc(source.__doc__ or "")
        section = _SECTION.search(doc) or _IN_LINE.search(doc)
        if section is None:
            continue
        for entry in re.split(r"\n(?= {4}\S)", "\n" + section[1]):
            name, colon, text = entry.strip().partition(":")
            if colon:
                texts[name] = " ".join(text.split())
    return texts


def type_name(hint: Any) -> str:
    """Return a type in a few words.

    >>> type_name(float | None), type_name(Literal["z", "w"]), type_name(tuple[int, ...])
    ('float or null', 'z|w', 'list of int')
    """
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is type(None):
        return "null"
    if origin is Annotated:
        return type_name(arguments[0])
    if origin is Literal:
        return "|".join(str(a) for a in arguments)
    if inspect.isclass(hint) and issubclass(hint, Enum):
        return "|".join(str(member.value) for member in hint)
    if origin in (Union, types.UnionType):
        return " or ".join(type_name(a) for a in arguments)
    if origin is dict:
        return f"{type_name(arguments[1])} by name"
    if origin in (tuple, list):
        items = [type_name(a) for a in arguments if a is not Ellipsis]
        return f"list of {items[0]}" if len(set(items)) == 1 else f"[{', '.join(items)}]"
    return getattr(hint, "__name__", str(hint))


def _shown(value: Any) -> str:
    """Return a value as YAML writes it."""
    if isinstance(value, Enum):
        return _shown(value.value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_shown(item) for item in value)}]"
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else str(value)
