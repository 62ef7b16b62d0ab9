"""What a configuration that came inside a data file may do: the one place that decides it.

An embedding and a run's folder carry configurations and are passed from hand to hand. What they
name is imported and fetched only if it belongs to ganvas itself, or the user trusts the file.
docs/security.md lists what follows from it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

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
    checkpoint is allowed where it has been fetched before.

    Args:
        config: The configuration, with present names; see `renewed`.
        key: Where it stands, for messages.

    Raises:
        ConfigError: The first key that names code outside ganvas, an address or an interpolation;
            or the configuration is nested too deeply.
    """
    from ganvas.assets.address import cached

    try:
        values = dict(walk({key: config} if key else config))
    except ValueError as error:
        raise ConfigError(f"{key or 'configuration'}: {error}") from error
    for name, value in values.items():
        if name.rpartition(".")[2] == "_target_" and not (
            isinstance(value, str) and _OWN.fullmatch(value)
        ):
            raise ConfigError(
                f"{name}: {_short(value)} is code outside ganvas; --trust executes it, if you know "
                "it"
            )
        if not isinstance(value, str):
            continue
        if "${" in value:
            raise ConfigError(f"{name}: {_short(value)} is an interpolation; --trust resolves it")
        if _ADDRESS.match(value) and not cached(value).is_file():
            raise ConfigError(
                f"{name}: {_short(value)} is an address that a file names; --trust fetches it, if "
                "you know it"
            )


def _short(value: Any) -> str:
    """Return a value from a file as it may stand in a line: printable, at most 120 characters."""
    text = str(value)
    shown = "".join(c if c.isprintable() else "�" for c in text[:120])
    return shown if len(text) <= 120 else f"{shown}…"
