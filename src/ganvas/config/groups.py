"""The configuration groups, their options, and the folders in which they lie."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from ganvas.errors import ConfigError


def config_dir() -> Path:
    """Return the folder of the configurations: a checkout's conf/, or the one in the package."""
    package = Path(__file__).resolve().parent.parent
    checkout = package.parent.parent / "conf"
    return checkout if (checkout / "config.yaml").is_file() else package / "conf"


def user_folders(folder: Path | str | None) -> list[Path]:
    """Return the user's own folder of configurations, and make the modules beside them importable.

    Raises:
        ConfigError: There is no such folder.
    """
    if folder is None:
        return []
    folder = Path(folder)
    if not folder.is_dir():
        raise ConfigError(f"no such folder of configurations: {folder}")
    if str(folder.resolve()) not in sys.path:
        sys.path.insert(0, str(folder.resolve()))
    return [folder]


def default_choices() -> dict[str, str]:
    """Return the option that each group has by default."""
    root = yaml.safe_load((config_dir() / "config.yaml").read_text(encoding="utf-8"))
    entries = [entry for entry in root["defaults"] if isinstance(entry, dict)]
    return {group: option for entry in entries for group, option in entry.items() if option}


def groups(user_dirs: Sequence[Path] = ()) -> dict[str, dict[str, Path]]:
    """Return every configuration group with its options and their files."""
    found: dict[str, dict[str, Path]] = {}
    for base in (config_dir(), *user_dirs):
        for file in sorted(base.glob("*/**/*.yaml")):
            group = file.parent.relative_to(base).as_posix()
            found.setdefault(group, {})[file.stem] = file
    return found
