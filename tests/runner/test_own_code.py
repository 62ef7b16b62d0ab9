"""Code of somebody else's that changes between runs."""

from __future__ import annotations

import linecache
import sys
from types import ModuleType

import pytest

from ganvas.config.schema import Call
from ganvas.runner.difference import causes
from ganvas.runner.own_code import own_code
from ganvas.runner.rerun import rerun

MASK = """\
import torch
from ganvas.mask import Mask


class Part(Mask):
    def draw(self, canvas):
        mask = torch.zeros(canvas.size)
        mask[: {rows}] = 1
        return canvas.repeat(mask)
"""


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Write the module, as a new process finds it."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(rows: int) -> None:
        (tmp_path / "own_of_run.py").write_text(MASK.format(rows=rows))
        sys.modules.pop("own_of_run", None)

    yield write
    sys.modules.pop("own_of_run", None)


def test_a_finished_run_says_that_its_code_has_changed(tiny_run, written, caplog):
    written(8)
    first = tiny_run("mask={_target_: own_of_run.Part}")
    assert list(first.provenance["own_code"]) == ["own_of_run"]
    with caplog.at_level("INFO", "ganvas"):
        assert tiny_run("mask={_target_: own_of_run.Part}").path == first.path
    assert "has changed" not in caplog.text
    written(16)
    with caplog.at_level("INFO", "ganvas"):
        tiny_run("mask={_target_: own_of_run.Part}")
    assert "own_of_run has changed since; force=true repeats the run" in caplog.text


def test_a_repetition_names_code_that_has_changed(tiny_run, written, tmp_path):
    written(8)
    old = tiny_run("mask={_target_: own_of_run.Part}")
    assert causes(old, rerun(old.path, tmp_path / "same", trust=True)) == []
    written(16)
    (line,) = causes(old, rerun(old.path, tmp_path / "other", trust=True))
    assert line.startswith("own_code.own_of_run: ")


def test_a_class_of_a_notebook_is_known_by_its_methods(monkeypatch):
    """As IPython defines it: in a module without a file, from lines that only linecache has."""
    notebook = ModuleType("own_notebook")
    monkeypatch.setitem(sys.modules, "own_notebook", notebook)

    def defined(value: int) -> dict[str, str]:
        source = f"class Part:\n    def value(self):\n        return {value}\n"
        cell = f"<cell-{value}>"
        linecache.cache[cell] = (len(source), None, source.splitlines(keepends=True), cell)
        exec(compile(source, cell, "exec"), vars(notebook))
        return own_code(Call("mask", notebook.Part, {}))

    first = defined(1)
    assert list(first) == ["own_notebook.Part"]
    assert defined(1) == first
    assert defined(2) != first


def test_a_run_of_ganvas_alone_names_no_code(tiny_run):
    assert tiny_run().provenance["own_code"] == {}
