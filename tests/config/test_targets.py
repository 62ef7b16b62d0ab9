"""What configurations name, and what is said where the code behind it is not as it should be."""

from __future__ import annotations

import itertools
import sys
from enum import Enum
from types import ModuleType
from typing import Any

import pytest

from ganvas.config.schema import build, check
from ganvas.config.targets import locate, name_of, parameters
from ganvas.errors import ConfigError

NUMBERS = itertools.count()


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Painted:
    def __init__(self, colour: Colour = Colour.RED, also: tuple[Colour, ...] = ()) -> None:
        self.colour, self.also = colour, also


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Write a module of the user's; returns its name, which no other test's has."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(text: str) -> str:
        name = f"own_{next(NUMBERS)}"
        (tmp_path / f"{name}.py").write_text(text)
        return name

    return write


def test_a_module_that_cannot_be_imported_says_why_and_where(module):
    name = module("a = 1\n\nb = a + ''\n")
    line = rf"mask\._target_: cannot import '{name}\.A': TypeError: .+ \({name}\.py, line 3\)$"
    with pytest.raises(ConfigError, match=line):
        locate(f"{name}.A", "mask")
    needy = module("import nowhere_to_be_found\n")
    line = rf"No module named 'nowhere_to_be_found' \({needy}\.py, line 1\)$"
    with pytest.raises(ConfigError, match=line):
        locate(f"{needy}.A", "mask")
    leaving = module("raise SystemExit(0)\n")
    with pytest.raises(ConfigError, match=rf"SystemExit: 0 \({leaving}\.py, line 1\)"):
        locate(f"{leaving}.A", "mask")


def test_a_module_that_is_not_there_says_where_it_was_looked_for():
    with pytest.raises(ConfigError, match="neither installed nor beside the options of --config-"):
        locate("nowhere_to_be_found.A", "mask")
    with pytest.raises(ConfigError, match=r"mask\._target_: 'A' names no module; write MODULE\.A"):
        locate("A", "mask")


def test_a_class_that_is_not_there_is_answered_by_the_nearest_of_its_module(module):
    name = module("from pathlib import Path as Ring\n\nclass Rings: ...\n\nclass _Ringed: ...\n")
    with pytest.raises(ConfigError, match=r"no 'Rign' in own_\d+; did you mean 'Rings'"):
        locate(f"{name}.Rign", "mask")


def test_what_a_notebook_has_and_another_process_has_not_is_said_to_be_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    with pytest.raises(ConfigError, match="no 'Top' in __main__; what a notebook defines is there"):
        locate("__main__.Top", "mask")


def test_what_a_script_defines_has_one_name_in_all_processes(monkeypatch):
    assert name_of(Painted) == f"{__name__}.Painted"
    monkeypatch.setattr(Painted, "__module__", "__mp_main__")
    assert name_of(Painted) == "__main__.Painted"


def test_annotations_that_name_nothing_are_one_line(module):
    name = module("class A:\n    def __init__(self, a: 'Nowhere' = 0): ...\n")
    line = rf"mask: the fields of {name}\.A cannot be read: NameError: name 'Nowhere'"
    with pytest.raises(ConfigError, match=line):
        check({"_target_": f"{name}.A"}, Any, "mask")


def test_whatever_a_constructor_raises_is_one_line_with_its_place(module):
    name = module(
        "class A:\n"
        "    def __init__(self, how: str):\n"
        "        if how == 'value':\n"
        "            raise ValueError('how must be good')\n"
        "        if how == 'type':\n"
        "            how + 1\n"
        "        {}[how]\n"
    )
    for how, line in (
        ("value", r"mask: how must be good$"),
        ("type", rf"mask: can only concatenate str .+ \({name}\.py, line 6\)$"),
        ("key", rf"mask: KeyError: 'key' \({name}\.py, line 7\)$"),
    ):
        with pytest.raises(ConfigError, match=line):
            build(check({"_target_": f"{name}.A", "how": how}, Any, "mask"))


def test_the_members_of_an_enumeration_are_its_values():
    node = {"_target_": f"{__name__}.Painted", "colour": "blue", "also": ["red"]}
    made = build(check(node, Any, "mask"))
    assert (made.colour, made.also) == (Colour.BLUE, (Colour.RED,))
    with pytest.raises(ConfigError, match=r"mask\.colour: no option 'bleu'; did you mean 'blue'"):
        check({**node, "colour": "bleu"}, Any, "mask")
    assert parameters(Painted)["colour"].default is Colour.RED


def test_a_list_that_is_too_short_says_what_is_missing():
    with pytest.raises(ConfigError, match=r"k=\[1\]: item 2 is missing"):
        check([1], tuple[int, int], "k")


def test_a_mapping_without_a_target_is_said_to_lack_it():
    from ganvas.mask import Mask

    with pytest.raises(ConfigError, match="mask: a mapping without _target_ stands where Mask is"):
        check({"cells": 3}, Mask, "mask")
    with pytest.raises(ConfigError, match="k: a mapping stands where int is asked for"):
        check({"cells": 3}, int, "k")
