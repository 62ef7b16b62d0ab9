"""The flags of `ganvas run`: Hydra's own, with one line for a mistake."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from hydra._internal.utils import get_args_parser

from ganvas.errors import ConfigError


def read_flags(words: Sequence[str]) -> argparse.Namespace:
    """Tell flags from overrides.

    Raises:
        ConfigError: A flag that does not exist, lacks its value, or stands between overrides.
    """
    flags = get_args_parser()
    flags.exit_on_error = False
    try:
        options, rest = flags.parse_known_args(list(words))
    except argparse.ArgumentError as error:
        raise ConfigError(str(error)) from None
    for word in rest:
        if word.startswith("-"):
            raise ConfigError(
                f"no flag '{word}': flags are -m, --help, --cfg and --config-dir; all else is "
                "written KEY=VALUE, such as image=file image.x.path=me.jpg"
            )
    if rest:
        raise ConfigError(f"'{rest[0]}' stands behind a flag; put flags such as -m first")
    return options
