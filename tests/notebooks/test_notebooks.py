"""The notebooks: executed on the tiny generator, kept without outputs, and shown as they are."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

pytest.importorskip("nbclient", reason="nbclient is not installed")
pytest.importorskip("ipykernel", reason="ipykernel is not installed")
pytestmark = pytest.mark.filterwarnings("ignore")

ROOT = Path(__file__).resolve().parents[2]
NAMES = ["01_embed", "02_edit", "03_study", "04_your_own"]


def script(name: str):
    """Import one of the scripts in docs/."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def make():
    return script("make_notebooks")


def test_there_are_the_four(make):
    assert [path.stem for path in make.notebooks()] == NAMES


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_it_runs_and_renders(make, name, tiny, tmp_path, monkeypatch):
    source = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", source)
    # A style mix takes the rows from 64² on.
    words = [*tiny, "generator.resolution=64"] if name == "02_edit" else tiny
    executed = make.execute(ROOT / "notebooks" / f"{name}.ipynb", tmp_path, words)
    page = make.render(executed, name, tmp_path)
    pictures = sorted(tmp_path.glob("*.webp"))
    assert pictures
    assert all(f"![]({picture.name})" in page for picture in pictures)
    assert "Warning" not in page
    states = list(tmp_path.glob("outputs/*/*/status.json"))
    assert len(states) == {"01_embed": 1, "02_edit": 6, "03_study": 6, "04_your_own": 1}[name]
    if name == "04_your_own":
        assert "unknown key 'mask.cell'; did you mean 'cells'?" in page


@pytest.mark.parametrize("name", NAMES)
def test_git_keeps_no_outputs(name):
    text = (ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8")
    assert script("strip_notebooks").stripped(text) == text


@pytest.mark.parametrize("name", NAMES)
def test_the_rendered_page_shows_this_notebook(make, name):
    """`make docs` renders it again."""
    page = (make.FOLDER / f"{name}.md").read_text(encoding="utf-8")
    for cell in make.nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4).cells:
        assert cell.source in page or "parameters" in cell.metadata.get("tags", [])
    assert page.count("![](") == len(list(make.FOLDER.glob(f"{name}_*.webp")))


def test_stripping_removes_what_an_editor_adds():
    text = (
        '{"cells": [{"cell_type": "code", "id": "a", "execution_count": 3, "source": "1",'
        ' "metadata": {"tags": ["t"], "scrolled": true}, "outputs": [{"output_type": "stream",'
        ' "name": "stdout", "text": "1"}]}], "metadata": {"widgets": {}}, "nbformat": 4,'
        ' "nbformat_minor": 5}'
    )
    kept = script("strip_notebooks").stripped(text)
    assert '"execution_count": null' in kept
    assert '"outputs": []' in kept
    assert '"t"' in kept
    assert "scrolled" not in kept
    assert "widgets" not in kept
