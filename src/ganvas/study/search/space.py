"""A search space in Hydra's grammar as distributions of Optuna."""

from __future__ import annotations

from collections.abc import Sequence

from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from ganvas.config.groups import Groups
from ganvas.config.overrides import parse, sweep_values

Space = dict[str, BaseDistribution]


def split(words: Sequence[str], known_groups: Groups | None = None) -> tuple[list[str], Space]:
    """Part overrides into what every trial has, and the space that is searched.

    Args:
        words: Overrides in Hydra's grammar; of two with the same key the later one counts.
        known_groups: What ``glob(…)`` chooses from; None: the program's own groups.
    """
    fixed: dict[str, str] = {}
    space: Space = {}
    for override in parse(words):
        key = override.get_key_element()
        fixed.pop(key, None)
        space.pop(key, None)
        if override.is_sweep_override() and not override.is_delete():
            space[key] = distribution(override, known_groups)
        else:
            fixed[key] = str(override.input_line)
    return list(fixed.values()), space


def distribution(override: Override, known_groups: Groups | None = None) -> BaseDistribution:
    """Turn one sweep into a distribution; the tag ``log`` makes an interval logarithmic."""
    value = override.value()
    if isinstance(value, IntervalSweep):
        low, high, log = value.start, value.end, "log" in value.tags
        assert low is not None
        assert high is not None
        if isinstance(low, int) and isinstance(high, int):
            return IntDistribution(low, high, log=log)
        return FloatDistribution(low, high, log=log)
    choices = [o.get_value_element_as_str() for o in sweep_values(override, known_groups)]
    if isinstance(value, RangeSweep) and isinstance(value.step, int) and not value.shuffle:
        numbers = sorted(int(choice) for choice in choices)
        return IntDistribution(numbers[0], numbers[-1], step=abs(value.step))
    return CategoricalDistribution(choices)
