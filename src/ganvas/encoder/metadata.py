"""Settings in the metadata of an encoder's file, which are text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def mapping(metadata: Mapping[str, str], key: str) -> dict[str, Any]:
    """Return a mapping that the metadata hold as JSON.

    Raises:
        KeyError: There is no such key.
        ValueError: It is something else.
    """
    value = json.loads(metadata[key])
    if not isinstance(value, dict):
        raise ValueError(f"'{key}' is no mapping")
    return value
