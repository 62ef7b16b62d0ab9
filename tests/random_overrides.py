"""Random lists of overrides: options, values of every kind, additions, deletions, references."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

VALUES = (
    "0", "1", "7", "0.5", "1e-3", "-2", "true", "null", "box", "'a b'", "\"q\"", "[]", "[1,2,3]",
    "[a,{b: 1}]", "{a: 1}", "{a: {b: 2}, c: [1]}", "{_target_: ganvas.mask.Full}",
    "{_target_: ganvas.optimizer.LBFGS, history: 3}", "{lr: 0.25}", "${seed}", "${budget.latent}",
    "${mask}", "${optimizer.latent}", "${sum:${budget.latent},${budget.noise}}",
    "${sum:1,${seed}}", "${study}_x", "${nowhere}", "${budget}", "???", "inf", "int(3)",
    "${oc.env:HOME}",
)  # fmt: skip
"""What a key may be set to, sensible or not."""

GROUPS = ("mask", "edit", "optimizer", "budget", "loss", "image", "layers", "start", "trainer",
          "experiment", "generator", "metrics", "logger")  # fmt: skip


class Overrides:
    """Makes lists of overrides of a composed configuration.

    Args:
        options: The options of every group.
        config: The configuration as it is written, whose keys are set.
        seed: What the lists follow from.
    """

    def __init__(self, options: Mapping[str, Any], config: Mapping[str, Any], seed: int) -> None:
        self.random = random.Random(seed)
        self.options = {group: sorted(options[group]) for group in GROUPS}
        self.keys = list(keys(config, ""))

    def draw(self) -> list[str]:
        """Return one list."""
        words = [self._choice() for _ in range(self.random.choice((0, 0, 1, 1, 2)))]
        words += [self._value() for _ in range(self.random.choice((0, 1, 1, 2, 3, 5)))]
        if self.random.random() < 0.3:
            self.random.shuffle(words)
        if words and self.random.random() < 0.3:
            # Something below, or in the place of, what was set before.
            key = self.random.choice(words).lstrip("~+").partition("=")[0]
            words.append(f"{key}.{self.random.choice('ab')}={self.random.choice(VALUES)}")
        return words

    def _choice(self) -> str:
        group = self.random.choice(GROUPS)
        sign = "+" if group == "experiment" and self.random.random() < 0.1 else ""
        if self.random.random() < 0.04:
            return f"~{group}"
        option = "nothing" if self.random.random() < 0.02 else None
        return f"{sign}{group}={option or self.random.choice(self.options[group])}"

    def _value(self) -> str:
        key = self.random.choice(self.keys)
        kind = self.random.random()
        if kind < 0.1:
            return f"~{key}"
        if kind < 0.2:
            key = f"{key}.new" if self.random.random() < 0.5 else f"{key.rpartition('.')[0]}new"
        sign = self.random.choice(("", "", "", "", "+", "++"))
        return f"{sign}{key}={self.random.choice(VALUES)}"


def keys(node: Any, prefix: str) -> Iterator[str]:
    """Iterate over the dotted keys of a configuration, those of items of lists too."""
    items = enumerate(node) if isinstance(node, list) else ()
    for name, value in node.items() if isinstance(node, Mapping) else items:
        key = f"{prefix}.{name}" if prefix else str(name)
        yield key
        yield from keys(value, key)
