"""The words that a shell offers at a Tab: groups, options, keys, values, studies, runs and files.

It must answer within half a second, so neither Hydra nor torch is imported: the options' files are
read as YAML, and their keys are the fields of the classes that they name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

from ganvas.config.groups import (
    NO_PART_OF_A_RUN,
    Groups,
    default_choices,
    groups,
    groups_of,
    user_folders,
)
from ganvas.errors import GanvasError

FLAGS = {
    "run": ("-m", "--multirun", "--help", "--cfg", "--info", "--config-dir"),
    "ablate": ("--help", "--yes", "--config-dir"),
    "tile": ("-m", "--multirun", "--help", "--config-dir"),
}
COMPOSING = {"run": (), "ablate": ("over=[", "mode=", "ablation="), "sample": (), "tile": ()}
"""Commands whose words are overrides, with words of their own."""

OF_A_PICTURE = {
    "render": ("--region", "--level", "--output", "--device", "--trust", "--config-dir"),
    "edit": ("--tile", "--latent", "--mask", "--output", "--compression", "--device", "--trust",
             "--config-dir"),
    "view": ("--output",),
}  # fmt: skip
"""Commands of `ganvas tile` that take a picture of it, and their flags."""

ABLATION_MODES = ("both", "leave_one_out", "add_one_in")
OF_A_STUDY = ("report", "table", "sync")
OF_RUNS = ("ls", "clean", "rerun", "render", "export", "paste")
OUTPUTS = Path("outputs")

_OVERRIDE = re.compile(r"override /([\w/]+)@")


def complete(words: Sequence[str]) -> int:
    """Print what may stand in the place of the last of `words`, a candidate a line; return 0."""
    try:
        for candidate in candidates(words):
            print(candidate)
    except GanvasError:
        pass  # A mistake elsewhere on the line is told when the line is run.
    return 0


def candidates(words: Sequence[str]) -> list[str]:
    """Return what may stand in the place of the last of `words`, which follow the program's name.

    >>> candidates(["run", "mask=bo"])
    ['mask=box']
    """
    *before, typed = words or [""]
    if not before:
        from ganvas.command.parser import command_names

        return _starting(command_names(), typed)
    command = before[0]
    if command == "tile" and len(before) > 1 and before[1] in OF_A_PICTURE:
        return _starting(OF_A_PICTURE[before[1]], typed) if typed[:1] == "-" else files(typed)
    if command in FLAGS and typed.startswith("-"):
        return _starting(FLAGS[command], typed)
    if before[-1] == "--cfg":
        return _starting(("job", "hydra", "all"), typed)
    if command in COMPOSING and before[-1] != "--config-dir":
        return _overrides(before, typed)
    if command == "wandb" and len(before) == 1:
        return _starting(("sync", "report"), typed)
    if command == "assets" and len(before) == 1:
        return _starting(("list", "fetch"), typed)
    if before[:2] == ["assets", "fetch"]:
        from ganvas.assets.table import ASSETS

        return _starting(ASSETS, typed)
    if command == "completion":
        return _starting(("bash", "zsh", "fish"), typed)
    if command in OF_A_STUDY or before[0] == "wandb":
        return _starting(studies(), typed) or files(typed)
    if command == "paste" and len(before) > 1:
        return files(typed)
    if command in OF_RUNS:
        named = studies() if command in ("ls", "clean") else []
        return _starting([*named, *runs()], typed) or files(typed)
    return files(typed)


def studies() -> list[str]:
    """Return the names of the studies in outputs/."""
    return sorted(entry.name for entry in _folders(OUTPUTS))


def runs() -> list[str]:
    """Return the folders of the runs in outputs/."""
    folders = (run for study in _folders(OUTPUTS) for run in _folders(study))
    return sorted(str(run) for run in folders if (run / "status.json").is_file())


def files(typed: str) -> list[str]:
    """Return the files and folders that a path begins; folders end in a slash."""
    shown, _, name = typed.rpartition("/")
    folder = Path(shown or ("/" if typed.startswith("/") else ".")).expanduser()
    prefix = typed[: len(typed) - len(name)]
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return []
    return [
        f"{prefix}{entry.name}{'/' if entry.is_dir() else ''}"
        for entry in entries
        if entry.name.startswith(name) and (name.startswith(".") or entry.name[0] != ".")
    ]


def _overrides(before: Sequence[str], typed: str) -> list[str]:
    if "--help" in before:
        known = groups(_config_dirs(before))
        group, equals, option = typed.partition("=")
        if equals:
            return [f"{group}={o}" for o in _starting(known.get(group, ()), option)]
        return _starting([*known, "--all"], typed)
    lead = typed[: len(typed) - len(typed.lstrip("+~"))]
    key, equals, value = typed.removeprefix(lead).partition("=")
    if not equals:
        return [lead + word for word in _keys(before, key)]
    # Of the values of a sweep, the last one is completed.
    earlier, comma, last = value.rpartition(",")
    completions = _values(before, key, last)
    return [f"{lead}{key}={earlier}{comma}{word}" for word in completions]


def _keys(before: Sequence[str], typed: str) -> list[str]:
    known = _groups(before)
    if "." not in typed:
        from ganvas.command.describe import fields_of

        fields = [f"{name}=" for name, _ in fields_of(_root(before)) if name not in known]
        chosen = [f"{group}=" for group in known]
        below = [f"{group}." for group in known if "/" not in group and typed == group]
        return _starting([*chosen, *below, *fields, *_words(before)], typed)
    group = typed.partition(".")[0]
    # One level at a time: what has keys of its own ends in a dot.
    level = typed.count(".")
    keys = [key.split(".") for key in _fields(before, group)]
    completions = {
        ".".join(key[: level + 1]) + ("." if len(key) > level + 1 else "=")
        for key in keys
        if len(key) > level
    }
    # What has keys below it is offered for them.
    parents = {word.removesuffix(".") + "=" for word in completions if word.endswith(".")}
    return _starting(sorted(completions - parents), typed)


def _root(before: Sequence[str]) -> Callable[..., Any]:
    """Return the class that the command's words describe."""
    if before[0] == "tile":
        from ganvas.command.tile_settings import TileSettings

        return TileSettings
    from ganvas.runner import Experiment

    return Experiment


def _groups(before: Sequence[str]) -> Groups:
    """Return the groups that the command composes."""
    folders = _config_dirs(before)
    if before[0] == "tile":
        return groups_of("tile", folders)
    return {g: options for g, options in groups(folders).items() if g not in NO_PART_OF_A_RUN}


def _words(before: Sequence[str]) -> tuple[str, ...]:
    """Return the words of its own that may stand where an override does."""
    return tuple(OF_A_PICTURE) if before == ["tile"] else COMPOSING[before[0]]


def _values(before: Sequence[str], key: str, typed: str) -> list[str]:
    known = groups(_config_dirs(before))
    if key in known:
        return _starting(known[key], typed)
    if key == "study":
        return _starting(studies(), typed)
    if key == "mode" and before[0] == "ablate":
        return _starting(ABLATION_MODES, typed)
    hint = _hint(before, key)
    if hint is Path or Path in get_args(hint):
        return files(typed)
    return _starting(_choices(hint), typed)


def _choices(hint: Any) -> list[str]:
    from ganvas.config.schema import words_of

    if hint is bool:
        return ["true", "false"]
    return words_of(hint)


def _hint(before: Sequence[str], key: str) -> Any:
    """Return the type of what a key sets, or None."""
    from ganvas.command.describe import option_parameters
    from ganvas.config.targets import parameters

    group, dot, _ = key.partition(".")
    if not dot:
        parameter = parameters(_root(before)).get(key)
        return parameter.hint if parameter else None
    file = _chosen(before, group)
    hints = {name: field.hint for name, field in option_parameters(file, group)} if file else {}
    return hints.get(key)


def _fields(before: Sequence[str], group: str) -> list[str]:
    from ganvas.command.describe import option_parameters

    file = _chosen(before, group)
    return [name for name, _ in option_parameters(file, group)] if file else []


def _chosen(before: Sequence[str], group: str) -> Path | None:
    """Return the file of the option of a group: given, asked for by the edit, or the default."""
    folders = _config_dirs(before)
    known = groups(folders)
    words = dict(word.partition("=")[::2] for word in before if "=" in word)
    choices = default_choices("tile" if before[0] == "tile" else "config")
    if before[0] == "tile":
        return known.get(group, {}).get(words.get(group, choices.get(group, "")))
    edit = known["edit"].get(words.get("edit", choices["edit"]))
    if edit is not None:
        for line in edit.read_text(encoding="utf-8").splitlines():
            if entry := _OVERRIDE.search(line):
                choices[entry[1]] = line.rpartition(":")[2].strip()
    return known.get(group, {}).get(words.get(group, choices.get(group, "")))


def _config_dirs(before: Sequence[str]) -> list[Path]:
    """Return the folders of options beside the program's: the line's own, and installed ones."""
    named = [folder for flag, folder in pairwise(before) if flag == "--config-dir"]
    return user_folders(named[-1] if named else None)


def _folders(parent: Path) -> list[Path]:
    try:
        with os.scandir(parent) as entries:
            return [Path(e.path) for e in entries if e.is_dir() and not e.name.startswith(".")]
    except OSError:
        return []


def _starting(known: Iterable[str], typed: str) -> list[str]:
    return [word for word in known if word.startswith(typed)]
