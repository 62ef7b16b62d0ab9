"""What the help says of options of the user's own."""

from __future__ import annotations

import itertools

import pytest

from ganvas.command.candidates import complete
from ganvas.command.help import print_help

NUMBERS = itertools.count()


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Write an own option of mask; returns its folder and its name."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "mask").mkdir()

    def write(text: str):
        name = f"own_help_{next(NUMBERS)}"
        (tmp_path / f"{name}.py").write_text(text)
        line = f"_target_: {name}.A\n"
        (tmp_path / "mask" / f"{name}.yaml").write_text(line)
        return tmp_path, name

    return write


def test_what_has_neither_comment_nor_docstring_says_nothing_wrong(own, capsys):
    folder, name = own(
        "from dataclasses import dataclass\nfrom enum import Enum\n\n"
        "class How(Enum):\n    NEAR = 'near'\n    FAR = 'far'\n\n"
        "@dataclass(frozen=True)\nclass A:\n    how: How = How.FAR\n"
    )
    assert print_help(["mask"], [folder]) == 0
    assert f"mask={name}" in [line.strip() for line in capsys.readouterr().out.splitlines()]
    print_help([f"mask={name}"], [folder])
    assert capsys.readouterr().out.split("\n\n")[1] == "  mask: A.\n    how  near|far = far: \n"


def test_fields_in_the_line_of_the_summary_are_not_said_twice(own, capsys):
    folder, name = own(
        "class A:\n    '''A ring. Args: width: How wide.'''\n\n"
        "    def __init__(self, width: int = 3): ...\n"
    )
    print_help([f"mask={name}"], [folder])
    assert "  mask: A. A ring.\n    width  int = 3: How wide.\n" in capsys.readouterr().out


def test_an_option_that_is_broken_leaves_the_help_on_the_others(own, capsys):
    folder, broken = own("1 / 0\n")
    _, fine = own("class A:\n    '''Fine.'''\n")
    assert print_help(["mask"], [folder], everything=True) == 0
    shown = capsys.readouterr().out
    assert f"cannot import '{broken}.A': ZeroDivisionError" in shown
    assert f"mask={fine}" in shown
    assert "mask: A. Fine." in shown


def test_options_of_installed_packages_are_completed(own, capsys, monkeypatch):
    folder, name = own("class A: ...\n")
    monkeypatch.setattr("ganvas.config.groups.installed_folders", lambda: [folder])
    assert complete(["run", "mask=own_help"]) == 0
    assert name in capsys.readouterr().out
