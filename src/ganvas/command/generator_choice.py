"""The generator that overrides on the command line choose."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ganvas.config.compose import compose_job
from ganvas.errors import ConfigError


def chosen_generator(overrides: Sequence[str], user_dirs: Sequence[Path] = ()) -> dict[str, Any]:
    """Return the configuration of the generator that ``generator=…`` and its fields choose.

    Raises:
        ConfigError: An override is of something else, or wrong.
    """
    for override in overrides:
        if not override.startswith("generator"):
            raise ConfigError(f"'{override}' does not choose a generator; use generator=…")
    return dict(compose_job(overrides, user_dirs).config["generator"])
