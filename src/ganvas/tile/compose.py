"""From words to the checked settings of `ganvas tile`: the grammar of `ganvas run`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ganvas.config.compose import compose_job
from ganvas.config.groups import Groups, groups, read_yaml
from ganvas.config.overrides import Words, lines, parse, refuse_several
from ganvas.config.schema import Call, check
from ganvas.errors import ConfigError, nearest
from ganvas.tile.settings import TileSettings

COMMAND = "tile"
DEFAULTS = {"latents": "random"}


def own_groups(user_dirs: Sequence[Path] = ()) -> Groups:
    """Return the groups of `ganvas tile` alone."""
    return groups(user_dirs, COMMAND)


def compose(words: Words, user_dirs: Sequence[Path] = ()) -> tuple[dict[str, Any], Call]:
    """Return the composed settings as plain values, and checked.

    Args:
        words: ``GROUP=OPTION`` and ``KEY=VALUE``; the options of ``generator=`` are those of a run.
        user_dirs: Folders with the user's own options.

    Raises:
        ConfigError: An unknown option or key, or a value that does not fit; one line names it.
    """
    overrides = parse(words)
    refuse_several(overrides)
    own = own_groups(user_dirs)
    of_generator = [o for o in overrides if o.key_or_group.split(".")[0] == "generator"]
    generator = compose_job(lines(of_generator), user_dirs).config["generator"]
    tree: dict[str, Any] = {"generator": generator}
    choices = dict(DEFAULTS)
    values = []
    for override in overrides:
        key, value = override.key_or_group, override.value()
        if override in of_generator:
            continue
        if override.is_delete() or override.is_add() or override.is_force_add():
            raise ConfigError(f"{override.input_line}: only KEY=VALUE and GROUP=OPTION are known")
        if key in own and isinstance(value, str):
            choices[key] = value
        else:
            values.append((key, value))
    for group, option in choices.items():
        if option not in own[group]:
            raise ConfigError(f"{group}: no option '{option}'{nearest(option, own[group])}")
        tree[group] = read_yaml(own[group][option])
    for key, value in values:
        *parents, name = key.split(".")
        node = tree
        for parent in parents:
            node = node.setdefault(parent, {})
            if not isinstance(node, dict):
                raise ConfigError(f"{key}: a key stands below a value that holds no keys")
        node[name] = value
    checked = check(tree, TileSettings)
    assert isinstance(checked, Call)
    return tree, checked
