"""The page on speed is what was measured, and measuring works."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"


def bench(*words: str) -> None:
    subprocess.run([sys.executable, DOCS / "bench.py", *words], check=True, capture_output=True)


def test_the_pages_tables_and_plots_are_those_of_the_figures(tmp_path):
    bench("--draw", "--folder", str(tmp_path))
    written = (tmp_path / "performance.md").read_text(encoding="utf-8")
    assert written == (DOCS / "performance.md").read_text(encoding="utf-8")
    for name in ("speed_steps.svg", "speed_recipes.svg"):
        assert f"](images/{name})" in written
        assert (tmp_path / "images" / name).stat().st_size > 10_000


@pytest.mark.slow
def test_a_topic_is_measured_and_written(tmp_path):
    bench("batches", "--folder", str(tmp_path))
    rows = json.loads((tmp_path / "speed" / "measured.json").read_text())["batches"]["rows"]
    assert [row["images"] for row in rows] == [1, 2, 4, 8] * 3
    assert all(row["milliseconds"] > 0 for row in rows)
    cell = f"| {rows[0]['milliseconds']:.1f} |"
    assert cell in (tmp_path / "performance.md").read_text(encoding="utf-8")
