"""Every promise of docs/security.md, by the tests that keep it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from reliability.tables import Part

ROOT = Path(__file__).parents[2]


def main(part: Part) -> None:
    """Run the tests that the page names, and count them by section."""
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    part.rows.append(["files from strangers", "promises", "tests passed", "skipped"])
    for section in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        promises = [line for line in section.splitlines() if "`tests/" in line]
        tests = re.findall(r"`(tests/[^`]+)`", section)
        if not tests:
            continue
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        counts = dict(re.findall(r"(\d+) (passed|failed|error|skipped)", done.stdout)[::1])
        by_word = {word: number for number, word in counts.items()}
        name = section.splitlines()[0]
        part.rows.append([name, str(len(promises)), by_word.get("passed", "0"),
                          by_word.get("skipped", "0")])  # fmt: skip
        if done.returncode:
            part.fault(f"{name}: {done.stdout.strip().splitlines()[-1]}")
