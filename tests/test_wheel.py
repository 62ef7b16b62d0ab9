"""The wheel carries its configurations and works from an empty folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
def test_installed_program_runs_in_an_empty_folder(tmp_path, tiny):
    pytest.importorskip("hatchling", reason="needs hatchling to build a wheel")
    # A copy, so that the checkout's own conf/ is out of reach.
    tree = tmp_path / "tree"
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(".*", "outputs", "tests", "dist"))
    for name in ("README.md", "LICENSE"):
        (tree / name).touch()
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel"],
        cwd=tree, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = (tree / "dist").glob("*.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(site)
    written = {p.relative_to(ROOT / "conf") for p in (ROOT / "conf").rglob("*.yaml")}
    packed = {p.relative_to(site / "ganvas/conf") for p in (site / "ganvas/conf").rglob("*.yaml")}
    assert packed == written
    assert (site / "ganvas" / "py.typed").is_file()
    empty = tmp_path / "empty"
    empty.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "ganvas.cli", "run", *tiny],
        cwd=empty, env={**os.environ, "PYTHONPATH": str(site)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert list(empty.glob("outputs/default/*/metrics.json"))
