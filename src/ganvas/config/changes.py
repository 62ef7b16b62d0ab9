"""Changes of plain configurations that leave the original as it is and share all that stays.

They are those of Hydra's overrides where both are plain: mappings of mappings, lists and scalars.
The rest is `Unusual`, and Hydra's own business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

MISSING = "???"
"""What stands, by OmegaConf's convention, for a value that must be given."""

_ABSENT = object()


class Unusual(Exception):  # noqa: N818
    """A change that is left to Hydra."""


def is_reference(value: Any) -> bool:
    """Return True for text with an interpolation such as ``${mask}``."""
    return isinstance(value, str) and "${" in value


def assigned(
    node: Mapping[str, Any], names: Sequence[str], value: Any, merge: bool
) -> dict[str, Any]:
    """Return `node` with another value; mappings on the way to it are made where there are none.

    Args:
        node: The mapping to change.
        names: The names of the key, from `node` on.
        value: The new value.
        merge: Merge mappings, rather than put the new one in the place of the old.

    Raises:
        Unusual: The way leads over a list, a reference or an explicit null.
    """
    name, *below = names
    child = node.get(name, _ABSENT)
    if below:
        return {**node, name: assigned(_opened(child), below, value, merge)}
    if merge and isinstance(value, dict | list) and isinstance(child, dict | list):
        value = _merged(child, value)
    return {**node, name: value}


def without(node: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Return `node` without a key.

    Args:
        node: The mapping to change.
        names: The names of the key, from `node` on.

    Raises:
        Unusual: There is no such key, it is null, or the way leads over other things than mappings.
    """
    name, *below = names
    child = node.get(name)
    if child is None or child == MISSING or is_reference(child):
        raise Unusual
    if below:
        if not isinstance(child, dict):
            raise Unusual
        return {**node, name: without(child, below)}
    return {key: value for key, value in node.items() if key != name}


def holds(node: Mapping[str, Any], names: Sequence[str]) -> bool:
    """Return True where a key has a value that is not null.

    Raises:
        Unusual: The way leads over something else than mappings.
    """
    at: Any = node
    for name in names:
        if not isinstance(at, dict):
            raise Unusual
        at = at.get(name)
        if at is None or at == MISSING:
            return False
        if is_reference(at):
            raise Unusual
    return True


def _opened(child: Any) -> dict[str, Any]:
    """Return the mapping to go on in; Hydra puts one in the place of a scalar."""
    if isinstance(child, dict):
        return child
    if child is None or isinstance(child, list) or child == MISSING or is_reference(child):
        raise Unusual
    return {}


def _merged(old: dict[str, Any] | list[Any], new: dict[str, Any] | list[Any]) -> Any:
    if isinstance(new, list) and isinstance(old, list):
        return new
    if not isinstance(new, dict) or not isinstance(old, dict):
        raise Unusual
    merged = dict(old)
    for name, value in new.items():
        before = old.get(name, _ABSENT)
        if isinstance(value, dict | list) and is_reference(before):
            raise Unusual
        if isinstance(value, dict | list) and isinstance(before, dict | list):
            merged[name] = _merged(before, value)
        elif value != MISSING or before is _ABSENT:
            merged[name] = value
    return merged
