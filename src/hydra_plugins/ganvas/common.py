"""What ganvas's plugins for Hydra share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from ganvas.errors import GanvasError


@contextmanager
def one_line() -> Iterator[None]:
    """Turn a GanvasError into one line and an exit code; Hydra would print a traceback.

    Raises:
        SystemExit: A GanvasError was raised.
    """
    try:
        yield
    except GanvasError as error:
        print(f"ganvas: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from error


def user_dirs(config: DictConfig) -> list[Path]:
    """Return the folders of options beside ganvas's own that Hydra was given."""
    providers = ("command-line", "hydra.searchpath")
    sources = config.hydra.runtime.config_sources
    return [
        Path(s.path) for s in sources if s.schema == "file" and s.provider.startswith(providers)
    ]


def plain(value: Any) -> Any:
    """Return a setting without OmegaConf, interpolations resolved."""
    return OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value
