"""Which options of a group know a key."""

from __future__ import annotations

from omegaconf import OmegaConf

from ganvas.groups import groups
from ganvas.schema import TARGET, locate, parameters


def options_with(key: str) -> list[str]:
    """Return the options, as GROUP=OPTION, of the program that have `key`.

    >>> options_with("mask.left")
    ['mask=box']
    """
    group, _, below = key.partition(".")
    *parents, name = below.split(".")
    found = []
    for option, file in groups().get(group, {}).items():
        node = OmegaConf.to_container(OmegaConf.load(file), resolve=False)
        for parent in parents:
            node = node.get(parent) if isinstance(node, dict) else None
        if not isinstance(node, dict):
            continue
        fields = parameters(locate(str(node[TARGET]), key)) if TARGET in node else {}
        if name in node or name in fields:
            found.append(f"{group}={option}")
    return found
