"""The configuration groups, their options, and the folders in which they lie."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from ganvas.errors import ConfigError
from ganvas.system.names import unreadable

ENTRY_POINTS = "ganvas.conf"
"""The group of entry points by which installed packages register their folders."""

Groups: TypeAlias = dict[str, dict[str, Path]]
"""The file of every option by its name, by group."""


def config_dir() -> Path:
    """Return the folder of the configurations: a checkout's conf/, or the one in the package."""
    package = Path(__file__).resolve().parent.parent
    checkout = package.parent.parent / "conf"
    return checkout if (checkout / "config.yaml").is_file() else package / "conf"


def user_folders(folder: Path | str | None) -> list[Path]:
    """Return the folders of configurations beside ganvas's own: the user's, and installed ones.

    The modules that lie in the user's folder become importable.

    Args:
        folder: The user's own folder (``--config-dir``).

    Raises:
        ConfigError: There is no such folder, or its name is no text.
    """
    folders = installed_folders()
    if folder is None:
        return folders
    folder = Path(folder)
    if reason := unreadable(str(folder.resolve())):
        raise ConfigError(reason)
    if not folder.is_dir():
        raise ConfigError(f"no such folder of configurations: {folder}")
    if str(folder.resolve()) not in sys.path:
        sys.path.insert(0, str(folder.resolve()))
    return [folder, *folders]


def installed_folders() -> list[Path]:
    """Return the folders that installed packages register by an entry point of `ganvas.conf`.

    The entry point ``anything = "my_package.conf"`` stands for the folder `conf` in `my_package`.
    Nothing of the package is imported.

    Raises:
        ConfigError: A package registers a folder that it does not have.
    """
    return [_folder_of(point) for point in sorted(entry_points(group=ENTRY_POINTS))]


def _folder_of(point: EntryPoint) -> Path:
    package, *below = point.value.split(".")
    spec = find_spec(package)
    for location in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(location, *below)
        if folder.is_dir():
            return folder
    owner = point.dist.name if point.dist else point.name
    raise ConfigError(
        f"the installed package {owner} registers the configurations '{point.value}' "
        f"({ENTRY_POINTS}), but there is no such folder"
    )


def default_choices(root: str = "config") -> dict[str, str]:
    """Return the option that each group of a root has by default."""
    content = read_yaml(config_dir() / f"{root}.yaml")
    entries = [entry for entry in content["defaults"] if isinstance(entry, dict)]
    return {group: option for entry in entries for group, option in entry.items() if option}


def groups_of(root: str, user_dirs: Sequence[Path] = ()) -> Groups:
    """Return the groups that a root composes: of `config`, all; of another, those that it names.

    Raises:
        ConfigError: As `groups`.
    """
    listed = groups(user_dirs)
    if root == "config":
        return listed
    named = default_choices(root)
    return {group: options for group, options in listed.items() if group in named}


NO_PART_OF_A_RUN = ("ablation", "concepts", "encoder", "latents")
"""Groups that only other commands than `ganvas run` compose."""


def groups(user_dirs: Sequence[Path] = ()) -> Groups:
    """Return every configuration group with its options and their files.

    Raises:
        ConfigError: Two folders have an option of the same name, or a folder has a root of its own:
            Hydra would ignore one of them.
    """
    listed: Groups = {}
    for folder in user_dirs:
        root = folder / "config.yaml"
        if root.is_file() and not root.samefile(config_dir() / "config.yaml"):
            raise ConfigError(
                f"{root} would be ignored: the root is ganvas's; make it an experiment, "
                f"{folder / 'experiment' / 'NAME.yaml'}, and choose experiment=NAME"
            )
    for base in (config_dir(), *user_dirs):
        for file in sorted(base.glob("*/**/*.yaml")):
            group = file.parent.relative_to(base).as_posix()
            other = listed.setdefault(group, {}).setdefault(file.stem, file)
            if not other.samefile(file):
                owner = "ganvas" if config_dir() in other.parents else other
                raise ConfigError(
                    f"{file}: {owner} has the option {group}={file.stem}, too; "
                    "give this one another name"
                )
    return listed


def read_yaml(file: Path) -> Any:
    """Read a YAML file as plain values.

    Raises:
        ConfigError: It is not YAML; the line is named.
    """
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ConfigError(yaml_mistake(error, str(file))) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read: {error}") from error


def yaml_mistake(error: yaml.YAMLError, file: str = "") -> str:
    """Return one line that says where a YAML file is wrong."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    if mark is None:
        return f"{file or 'an option'} is no YAML: {problem}"
    return f"{file or mark.name}, line {mark.line + 1}: {problem}"
