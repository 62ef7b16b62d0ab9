"""Interpolations in plain configurations.

They are ``${mask}`` and ``${sum:${budget.latent},${budget.noise}}``. Others, such as
``${oc.env:HOME}`` or ``${.sibling}``, are `Unusual`, and OmegaConf's own business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ganvas.config.changes import Unusual, is_reference

_REFERENCE = re.compile(r"\$\{([A-Za-z_]\w*(?:\.\w+)*)\}")
_SUM = re.compile(r"\$\{sum:([^:]*)\}")


def nodes(text: str) -> tuple[str, ...]:
    """Return the dotted keys that an interpolation refers to.

    >>> nodes("${mask}"), nodes("${sum:${budget.latent},${budget.noise}}")
    (('mask',), ('budget.latent', 'budget.noise'))

    Raises:
        Unusual: It is more than a key or a sum of keys.
    """
    whole = _SUM.fullmatch(text)
    items = whole[1].split(",") if whole else [text]
    matches = [_REFERENCE.fullmatch(item.strip()) for item in items]
    if not all(matches):
        raise Unusual
    return tuple(match[1] for match in matches if match)


def referred(node: Any) -> frozenset[str]:
    """Return the keys of the root that the interpolations in a node refer to.

    Raises:
        Unusual: There is another kind of interpolation.
    """
    if isinstance(node, dict):
        return frozenset[str]().union(*map(referred, node.values()))
    if isinstance(node, list):
        return frozenset[str]().union(*map(referred, node))
    if is_reference(node):
        return frozenset(key.partition(".")[0] for key in nodes(node))
    return frozenset()


def resolved(node: Any, root: Mapping[str, Any], within: frozenset[str] = frozenset()) -> Any:
    """Return a node with values in the place of interpolations; what holds none is shared.

    Args:
        node: A part of `root`.
        root: The whole configuration.
        within: The interpolations that are being resolved.

    Raises:
        Unusual: An interpolation leads nowhere, in a circle, or is of another kind.
    """
    if isinstance(node, dict):
        fields = {name: resolved(value, root, within) for name, value in node.items()}
        same = all(value is node[name] for name, value in fields.items())
        return node if same else fields
    if isinstance(node, list):
        items = [resolved(item, root, within) for item in node]
        return node if all(a is b for a, b in zip(items, node, strict=True)) else items
    if not is_reference(node):
        return node
    if node in within:
        raise Unusual
    values = [_value(key, root, within | {node}) for key in nodes(node)]
    if node.startswith("${sum:"):
        if not all(type(value) in (int, float) for value in values):
            raise Unusual
        return sum(values)
    return values[0]


def _value(key: str, root: Mapping[str, Any], within: frozenset[str]) -> Any:
    """Return the resolved value of a dotted key, through interpolations on the way to it.

    A value that must be given and is not stays `MISSING`, for whoever reads it to say so.
    """
    at: Any = root
    for name in key.split("."):
        if not isinstance(at, Mapping) or name not in at:
            raise Unusual
        at = at[name]
        if is_reference(at):
            at = resolved(at, root, within)
    return resolved(at, root, within)
