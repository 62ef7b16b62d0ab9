"""`ganvas run --help`: groups, options, and every field with its docstring."""

from __future__ import annotations

import dataclasses
import inspect
import re
import types
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from omegaconf import OmegaConf
from rich.console import Console
from rich.markup import escape

from ganvas.config.groups import groups
from ganvas.config.schema import TARGET, Parameter, alternatives, locate, parameters
from ganvas.errors import ConfigError, nearest
from ganvas.runner import Experiment

MISSING = "???"
"""What a file writes, by OmegaConf's convention, for what must be given."""

_SECTION = re.compile(r"^(?:Attributes|Args):\n((?:[ ]+.*\n?|\n)+)", re.MULTILINE)
_IN_LINE = re.compile(r"\b(?:Attributes|Args): (\w+: .+)")

HEADER = """\
ganvas run [overrides]              one experiment
ganvas run -m [sweep overrides]     a sweep: the product of comma-separated values

  GROUP=OPTION       choose an option            mask=box
  KEY=VALUE          set a field                 edit.stages.w.steps=9
  ~KEY               leave something out         ~edit.stages.n
  --cfg job          show the composed configuration
  --config-dir DIR   add your own groups and options
  --help GROUP …     show a group's options and all their fields
"""


def print_help(words: Sequence[str], folders: Sequence[Path]) -> int:
    """Print the overview, or, with names of groups, their options and fields; return 0.

    Raises:
        ConfigError: There is no such group.
    """
    console = Console(highlight=False, soft_wrap=True)
    known = groups(folders)
    if not words:
        console.print(HEADER, markup=False)
        for group, options in known.items():
            console.print(f"[bold]{group:<12}[/] {', '.join(options)}")
        console.print("\n[bold]fields of the experiment itself[/]")
        for name, text in fields_of(Experiment):
            if name not in known:
                console.print(f"  [cyan]{name}[/]  {escape(text)}")
        return 0
    for word in words:
        group = word.partition("=")[0]
        if group not in known:
            raise ConfigError(f"no group '{group}'{nearest(group, known)}")
        console.print(f"[bold]{group}[/]")
        for option, file in known[group].items():
            console.print(f"\n  [bold cyan]{group}={option}[/]  {escape(summary(file))}")
            for name, text in option_fields(file, group):
                console.print(f"    [cyan]{name}[/]  {escape(text)}")
    return 0


def summary(file: Path) -> str:
    """Return an option's one-line summary: the first comment of its file, after Hydra's header."""
    lines = file.read_text(encoding="utf-8").splitlines()
    first = next((line for line in lines if not line.startswith("# @")), "")
    return first.removeprefix("#").strip()


def option_fields(file: Path, group: str) -> Iterator[tuple[str, str]]:
    """Iterate over (key, "type = value: text") of the option in `file`, nested ones too."""
    node = OmegaConf.to_container(OmegaConf.load(file), resolve=False)
    return _fields_below(node, Any, group)


def _fields_below(node: Any, hint: Any, key: str) -> Iterator[tuple[str, str]]:
    if not isinstance(node, dict):
        return
    classes = [a for a in alternatives(hint) if dataclasses.is_dataclass(a)]
    target: Any = locate(str(node[TARGET]), key) if TARGET in node else next(iter(classes), None)
    if target is None:
        inner = next((get_args(a)[1] for a in alternatives(hint) if get_origin(a) is dict), Any)
        for name, value in node.items():
            if isinstance(value, dict) and TARGET in value:
                made = locate(str(value[TARGET]), f"{key}.{name}")
                first = inspect.cleandoc(made.__doc__ or "").partition("\n")[0]
                yield f"{key}.{name}", f"{made.__name__}: {first}"
            yield from _fields_below(value, inner, f"{key}.{name}")
        return
    texts = dict(fields_of(target, node))
    for name, parameter in parameters(target).items():
        yield f"{key}.{name}", texts[name]
        value = node.get(name, {} if dataclasses.is_dataclass(parameter.default) else None)
        yield from _fields_below(value, parameter.hint, f"{key}.{name}")


def fields_of(target: Any, given: Mapping[str, Any] | None = None) -> Iterator[tuple[str, str]]:
    """Iterate over (name, "type = value: text") of the fields of a class or function.

    Args:
        target: The class or function.
        given: What an option sets; the other fields have their defaults.
    """
    texts = documented(target)
    for name, parameter in parameters(target).items():
        value = (given or {}).get(name, _default(parameter))
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
    found: dict[str, str] = {}
    for place in reversed(inspect.getmro(target)) if inspect.isclass(target) else (target,):
        doc = inspect.cleandoc(place.__doc__ or "")
        section = _SECTION.search(doc) or _IN_LINE.search(doc)
        if section is None:
            continue
        for entry in re.split(r"\n(?= {4}\S)", "\n" + section[1]):
            name, colon, text = entry.strip().partition(":")
            if colon:
                found[name] = " ".join(text.split())
    return found


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
    if isinstance(value, list | tuple):
        return f"[{', '.join(_shown(item) for item in value)}]"
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else str(value)
