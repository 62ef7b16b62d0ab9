"""`ganvas run --help`: groups, options, and every field with its docstring."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from ganvas.command.describe import (
    OptionObject,
    by_class,
    fields_of,
    first_line,
    option_fields,
    option_objects,
    summary,
)
from ganvas.config.groups import groups, user_folders
from ganvas.errors import ConfigError, nearest
from ganvas.runner import Experiment

HEADER = """\
ganvas run [overrides]              one experiment
ganvas run -m [sweep overrides]     a sweep: the product of comma-separated values

  GROUP=OPTION        choose an option            mask=box
  KEY=VALUE           set a field                 edit.stages.w.steps=9
  ~KEY                leave something out         ~edit.stages.n
  --cfg job           show the composed configuration
  --config-dir DIR    add your own groups and options
  --help GROUP        list a group's options
  --help GROUP=OPTION show all fields of one of them
  --help --all        show all fields of all options
"""

__all__ = ["main", "option_fields", "print_help", "summary"]


def main(words: Sequence[str]) -> int:
    """Print the help that the words behind `ganvas run` ask for; return 0.

    Raises:
        ConfigError: There is no such group or option.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--config-dir", "-cd")
    parser.add_argument("--all", action="store_true")
    options, others = parser.parse_known_args(list(words))
    asked = [word for word in others if not word.startswith("-")]
    return print_help(asked, user_folders(options.config_dir), everything=options.all)


def print_help(words: Sequence[str], folders: Sequence[Path], *, everything: bool = False) -> int:
    """Print the overview; the options of the groups that are named; or an option's fields.

    Args:
        words: GROUP or GROUP=OPTION.
        folders: The user's own folders of options.
        everything: Print the fields of all options, of the named groups or of all.

    Raises:
        ConfigError: There is no such group or option.
    """
    console = Console(highlight=False, soft_wrap=True)
    known = groups(folders)
    if not words and not everything:
        overview(console, known)
    for word in words or (known if everything else ()):
        group, _, option = word.partition("=")
        if group not in known:
            raise ConfigError(f"no group '{group}'{nearest(group, known)}")
        options = known[group]
        if option and option not in options:
            raise ConfigError(f"{group}: no option '{option}'{nearest(option, options)}")
        if option:
            print_option(console, group, option, options[option])
            continue
        if everything:
            for name, file in options.items():
                try:
                    print_option(console, group, name, file)
                except ConfigError as error:  # one of the user's own that is broken
                    console.print(f"  {error}", markup=False)
            continue
        width = max(map(len, options)) + len(group) + 1
        for name, file in options.items():
            line = f"{group}={name}"
            console.print(f"[bold cyan]{line:<{width}}[/]  {escape(summary(file))}")
    return 0


def overview(console: Console, known: Mapping[str, Mapping[str, Path]]) -> None:
    """Print the grammar, the groups with their options, and the root's own fields."""
    console.print(HEADER, markup=False)
    for group, options in known.items():
        console.print(f"[bold]{group:<12}[/] {', '.join(options)}")
    console.print("\n[bold]fields of the experiment itself[/]")
    for name, text in fields_of(Experiment):
        if name not in known:
            console.print(f"  [cyan]{name}[/]  {escape(text)}")


def print_option(console: Console, group: str, option: str, file: Path) -> None:
    """Print an option: of each class that it makes objects of, where, and all fields once."""
    console.print(f"\n[bold cyan]{group}={option}[/]  {escape(summary(file))}")
    if group in ("experiment", "ablation"):
        console.print(file.read_text(encoding="utf-8"), markup=False)
        return
    for target, objects in by_class(option_objects(file, group)).items():
        keys = ", ".join(made.key for made in objects)
        about = f"{target.__name__}. {first_line(target)}".strip()
        console.print(f"\n  [bold]{escape(keys)}[/]: {escape(about)}")
        for name, text in shared_fields(target, objects):
            console.print(f"    [cyan]{name}[/]  {escape(text)}")


def shared_fields(
    target: Callable[..., Any], objects: Sequence[OptionObject]
) -> Iterator[tuple[str, str]]:
    """Iterate over (name, "type = values: text") of a class; values as the options set them."""
    texts = [dict(fields_of(target, made.node)) for made in objects]
    for name, text in texts[0].items():
        type_and_value, colon, meaning = text.partition(": ")
        values = dict.fromkeys(t[name].partition(": ")[0].partition(" = ")[2] for t in texts)
        shown = " or ".join(value for value in values if value)
        yield (
            name,
            type_and_value.partition(" = ")[0] + (f" = {shown}" if shown else "") + colon + meaning,
        )
