"""A moment of each part of the campaign (docs/reliability.md), which takes an hour as a whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "docs" / "campaign.py"


@pytest.mark.slow
def test_a_moment_of_the_campaign_finds_no_fault(tmp_path):
    parts = ("kills", "scarcity", "fuzz")
    command = [sys.executable, "-W", "ignore", str(SCRIPT), *parts, "--short", "--minutes", "60"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "fault:" not in done.stdout
    for part in parts:
        assert f"{part}:\n" in done.stdout
    assert list(tmp_path.iterdir()) == []
