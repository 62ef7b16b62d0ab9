"""What a target's signature asks for."""

from __future__ import annotations

from typing import Any

import pytest

from ganvas.config.schema import build, check
from ganvas.errors import ConfigError


class Stripes:
    """A target that says nothing of what it takes."""

    def __init__(self, count=4, names=(), other=None):
        self.count, self.names, self.other = count, names, other


@pytest.mark.parametrize("value", ["two", 2, 0.5, None, [1, "a"], {"a": {"b": 1}}])
def test_an_argument_without_a_type_takes_any_value(value):
    node = {"_target_": f"{__name__}.Stripes", "count": value}
    made = build(check(node, Any, "mask"))
    assert (made.count, made.names) == (value, ())
    assert check({"a": value}, dict[str, Any], "k") == {"a": value}


def test_an_argument_without_a_type_takes_an_object():
    inner = {"_target_": f"{__name__}.Stripes", "count": 9}
    made = build(check({"_target_": f"{__name__}.Stripes", "other": inner}, Any, "mask"))
    assert made.other.count == 9
    with pytest.raises(ConfigError, match=r"mask\.other: a target stands where int is asked for"):
        check(inner, int, "mask.other")
