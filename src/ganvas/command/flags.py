"""Which of Hydra's own flags `ganvas run` takes."""

from __future__ import annotations

import argparse

from ganvas.errors import ConfigError

REFUSED = {
    "experimental_rerun": "--experimental-rerun would execute whatever the file holds; "
                          "`ganvas rerun RUN_DIR` repeats a run",
    "config_name": "--config-name: the configuration is ganvas's own; --config-dir adds options",
    "config_path": "--config-path: the configuration is ganvas's own; --config-dir adds options",
}  # fmt: skip
"""Flags by their name in the parsed options: why they are refused, and what there is instead."""

OF_ONE_JOB = {"cfg": "--cfg", "info": "--info", "hydra_help": "--hydra-help"}
"""Flags that show something and execute nothing."""


def refuse_flags(options: argparse.Namespace) -> None:
    """Refuse the flags of Hydra that have no place here.

    Raises:
        ConfigError: There is one.
    """
    for name, line in REFUSED.items():
        if getattr(options, name):
            raise ConfigError(line)
    for name, flag in OF_ONE_JOB.items():
        if options.multirun and getattr(options, name):
            raise ConfigError(f"{flag} shows one job and does not go with -m")
