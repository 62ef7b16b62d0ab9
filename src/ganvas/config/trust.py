"""What a configuration that came inside a data file may do: the one place that decides it.

An embedding and a run's folder carry configurations and are passed from hand to hand. What they
name is imported and fetched only if it belongs to ganvas itself, or the user trusts the file.
docs/security.md lists what follows from it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml

from ganvas.config.groups import groups
from ganvas.config.tree import walk
from ganvas.errors import ConfigError

FORMER_TARGETS = {
    f"ganvas.generator.{module}.{name}Config": f"ganvas.checkpoint.from_file.{name}Config"
    for module, name in (
        ("mobilestylegan", "MobileStyleGAN"),
        ("from_file", "MobileStyleGAN"),
        ("from_file", "StyleGAN1"),
        ("from_file", "StyleGAN2"),
        ("from_file", "StyleGAN3"),
    )
}
"""Targets under the names that earlier versions wrote into data files, and their names now."""

_OWN = re.compile(r"ganvas(\.[A-Za-z_]\w*)+", re.ASCII)
_ADDRESS = re.compile(r"\s*[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def renewed(tree: Any) -> Any:
    """Return a configuration from a data file with every former target under its present name.

    What comes from a stranger goes through `refuse_foreign` first, which bounds its size.
    """
    if isinstance(tree, Mapping):
        return {
            name: FORMER_TARGETS.get(str(value), value) if name == "_target_" else renewed(value)
            for name, value in tree.items()
        }
    return [renewed(value) for value in tree] if isinstance(tree, list) else tree


def refuse_foreign(config: Mapping[str, Any], key: str = "") -> None:
    """Refuse a configuration that would import or fetch what is not of ganvas.

    It is judged by its words alone: nothing is imported, fetched or opened. The address of a
    checkpoint is allowed where it has been fetched before, or where a packaged option of
    ``generator=`` names it with the same hash.

    Args:
        config: The configuration, with present names; see `renewed`.
        key: Where it stands, for messages.

    Raises:
        ConfigError: The first key that names code outside ganvas, an address or an interpolation;
            or the configuration is nested too deeply.
    """
    try:
        values = dict(walk({key: config} if key else config))
    except ValueError as error:
        raise ConfigError(f"{key or 'configuration'}: {error}") from error
    for name, value in values.items():
        parent, dot, last = name.rpartition(".")
        if last == "_target_" and not (isinstance(value, str) and _OWN.fullmatch(value)):
            raise ConfigError(
                f"{name}: {_short(value)} is code outside ganvas; --trust executes it, if you know "
                "it"
            )
        if not isinstance(value, str):
            continue
        if "${" in value:
            raise ConfigError(f"{name}: {_short(value)} is an interpolation; --trust resolves it")
        if _ADDRESS.match(value) and not _known(value, values.get(f"{parent}{dot}sha256")):
            raise ConfigError(
                f"{name}: {_short(value)} is an address that a file names; --trust fetches it, if "
                "you know it"
            )


def _known(address: str, sha256: Any) -> bool:
    from ganvas.assets.address import cached

    return (address, sha256) in published() or cached(address).is_file()


@cache
def published() -> frozenset[tuple[str, str]]:
    """Return (address, SHA-256) of each checkpoint that a packaged generator option pins."""
    options = (yaml.safe_load(file.read_text("utf-8")) for file in groups()["generator"].values())
    return frozenset(
        (option["checkpoint"], option["sha256"])
        for option in options
        if option.get("checkpoint") and option.get("sha256")
    )


def _short(value: Any) -> str:
    """Return a value from a file as it may stand in a line: printable, at most 120 characters."""
    text = str(value)
    shown = "".join(c if c.isprintable() else "�" for c in text[:120])
    return shown if len(text) <= 120 else f"{shown}…"
