"""What the jobs of a sweep have in common: the composition of their options.

A job is made out of it by changes of values. Each key of the root is changed, and its
interpolations are resolved, once for all jobs in which it is the same; such jobs share the result
as one object, by which `ganvas.study.check` knows that it need not be checked again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hydra.core.override_parser.types import Override

from ganvas.config.changes import Unusual, assigned, holds, is_reference, without
from ganvas.config.composition import Composed
from ganvas.config.overrides import lines, replaces
from ganvas.config.references import referred, resolved
from ganvas.errors import ConfigError

_KEY = re.compile(r"\w[\w-]*(\.\w[\w-]*)*")
_WHOLE = re.compile(r"\$\{([\w.]+)\}")

Tree = dict[str, Any]


class Base:
    """A composition of options, and the jobs that change its values.

    Args:
        composed: What Hydra has made of the options, with its interpolations.
    """

    def __init__(self, composed: Composed) -> None:
        self.written, self.choices = composed.config, composed.choices
        self._changed: dict[tuple[str, tuple[str, ...]], Any] = {}
        self._resolved: dict[tuple[str, tuple[int, ...]], Any] = {}
        self._referred: dict[int, tuple[Any, frozenset[str]]] = {}
        self._values = {name for name, node in self.written.items() if not _holds_reference(node)}

    def with_values(self, values: Sequence[Override]) -> Tree:
        """Return the configuration, as it is written, with other values.

        Raises:
            Unusual: Only Hydra knows what they mean.
        """
        by_root: dict[str, list[Override]] = {}
        for override in values:
            if not _KEY.fullmatch(override.key_or_group):
                raise Unusual
            by_root.setdefault(override.key_or_group.partition(".")[0], []).append(override)
        tree = dict(self.written)
        for name, overrides in by_root.items():
            known = name, lines(overrides)
            if known not in self._changed:
                node = {name: self.written[name]} if name in self.written else {}
                for override in overrides:
                    node = changed(node, override)
                self._changed[known] = node[name]
            tree[name] = self._changed[known]
        return tree

    def resolve(self, tree: Tree, by_omegaconf: Callable[[Tree], Tree]) -> Tree:
        """Return what `with_values` has made, with values in the place of interpolations.

        Args:
            tree: The configuration as it is written.
            by_omegaconf: Resolves what is `Unusual`.
        """
        try:
            return {name: self._resolve(name, tree) for name in tree}
        except Unusual:
            whole = by_omegaconf(tree)
            return {name: self._shared(name, tree[name], whole[name]) for name in tree}

    def is_closed(self, tree: Tree) -> bool:
        """Return False where an interpolation may read more than keys, such as the environment."""
        try:
            for node in tree.values():
                self._refers(node)
        except Unusual:
            return False
        return True

    def _resolve(self, name: str, tree: Tree) -> Any:
        if name in self._values and tree[name] is self.written[name]:
            return tree[name]
        used = {name}
        ahead = [name]
        while ahead:
            new = self._refers(tree[ahead.pop()]) - used
            if not new <= tree.keys():
                raise Unusual
            used |= new
            ahead += new
        if len(used) == 1 and not self._refers(tree[name]):
            return tree[name]
        # What the key is made of stays in memory, so that its `id` stays its own.
        known = name, tuple(id(tree[other]) for other in sorted(used))
        if known not in self._resolved:
            self._resolved[known] = resolved(tree[name], tree)
        return self._resolved[known]

    def _refers(self, node: Any) -> frozenset[str]:
        if not isinstance(node, dict | list | str):
            return frozenset()
        known = self._referred.get(id(node))
        if known is None:
            known = self._referred[id(node)] = node, referred(node)
        return known[1]

    def _shared(self, name: str, written: Any, node: Any) -> Any:
        """Return the object that stands for an equal node already, or this one."""
        # By what they print, for 1 == 1.0 == True.
        known = f"{name}: {node!r}", ()
        return written if repr(written) == repr(node) else self._resolved.setdefault(known, node)


def changed(node: Tree, override: Override) -> Tree:
    """Return a mapping after one override, as Hydra would make it.

    Raises:
        Unusual: Only Hydra knows what the override means, or that it is wrong.
    """
    names, value = override.key_or_group.split("."), override.value()
    if override.is_delete():
        # A key of the root that comes back would stand elsewhere.
        if value is not None or len(names) == 1:
            raise Unusual
        return without(node, names)
    if isinstance(value, Mapping) and not _has_names(value):
        raise Unusual
    # What takes a group's place comes last for Hydra, and its option is none any more.
    if len(names) == 1 and replaces(override):
        raise Unusual
    if override.is_add() and not isinstance(value, dict | list) and holds(node, names):
        raise Unusual
    return assigned(node, names, value, merge=not replaces(override))


def _holds_reference(node: Any) -> bool:
    if isinstance(node, dict | list):
        return any(map(_holds_reference, node.values() if isinstance(node, dict) else node))
    return is_reference(node)


def _has_names(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return True
    return all(isinstance(name, str) and _has_names(item) for name, item in value.items())


def refuse_keys_below_references(written: Mapping[str, Any], values: Sequence[Override]) -> None:
    """Refuse ``edit.stages.w.optimise.latent.lr=…`` where ``latent`` is ``${optimizer.latent}``.

    The reference would be replaced by a mapping that holds nothing but the new key.

    Raises:
        ConfigError: The first such key.
    """
    replaced: set[str] = set()
    for override in values:
        node: Any = written
        names = override.key_or_group.split(".")
        for depth, name in enumerate(names):
            parent = ".".join(names[:depth])
            if parent in replaced:
                break
            if is_reference(node) and (whole := _WHOLE.fullmatch(node)):
                rest = ".".join(names[depth:])
                raise ConfigError(f"{parent} is {node}; set {whole[1]}.{rest}, or replace {parent}")
            if not isinstance(node, Mapping) or name not in node:
                break
            node = node[name]
        replaced.add(override.key_or_group)
