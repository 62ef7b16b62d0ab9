"""The flags of `ganvas run`: Hydra's own but a few, with one line for a mistake."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from hydra._internal.utils import get_args_parser

from ganvas.errors import ConfigError

REFUSED = {
    "experimental_rerun": "--experimental-rerun would execute whatever the file holds; "
                          "`ganvas rerun RUN_DIR` repeats a run",
    "config_name": "--config-name: the configuration is ganvas's own; --config-dir adds options",
    "config_path": "--config-path: the configuration is ganvas's own; --config-dir adds options",
    "shell_completion": "--shell-completion: `ganvas completion SHELL` prints ganvas's own",
}  # fmt: skip
"""Flags by their name in the parsed options: why they are refused, and what there is instead."""

OF_ONE_JOB = {"cfg": "--cfg", "info": "--info", "hydra_help": "--hydra-help"}
"""Flags that show something and execute nothing."""


def read_config_dir(
    words: Sequence[str],
    flags: str = "--help and --config-dir",
    switches: Sequence[tuple[str, ...]] = (),
) -> argparse.Namespace:
    """Tell --config-dir from overrides, where a command takes little else of Hydra's.

    Args:
        words: Both, in any order.
        flags: All flags of the command, to be named.
        switches: The names of each flag without a value.

    Raises:
        ConfigError: Another flag, or none of its value.
    """
    parser = argparse.ArgumentParser(add_help=False, exit_on_error=False, allow_abbrev=False)
    parser.add_argument("--config-dir", "-cd")
    for names in switches:
        parser.add_argument(*names, action="store_true")
    try:
        options, overrides = parser.parse_known_args(list(words))
    except argparse.ArgumentError as error:
        raise ConfigError(str(error)) from None
    if other := [word for word in overrides if word.startswith("-")]:
        raise ConfigError(f"no flag '{other[0]}': flags are {flags}")
    options.overrides = overrides
    return options


def read_flags(words: Sequence[str]) -> argparse.Namespace:
    """Tell flags from overrides, which may stand before and behind them.

    Raises:
        ConfigError: A flag that does not exist, lacks its value, or has no place here.
    """
    flags = get_args_parser()
    flags.exit_on_error = False
    try:
        options, unknown = flags.parse_known_intermixed_args(list(words))
    except argparse.ArgumentError as error:
        raise ConfigError(str(error)) from None
    if unknown:
        raise ConfigError(
            f"no flag '{unknown[0]}': flags are -m, --help, --cfg and --config-dir; all else is "
            "written KEY=VALUE, such as image=file image.x.path=me.jpg"
        )
    for name, line in REFUSED.items():
        if getattr(options, name):
            raise ConfigError(line)
    for name, flag in OF_ONE_JOB.items():
        if options.multirun and getattr(options, name):
            raise ConfigError(f"{flag} shows one job and does not go with -m")
    return options
