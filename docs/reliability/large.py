"""A study of many small runs: planned, listed, tabulated, reported, started again, run in part.

Two runs are executed; the others are copies of them with a seed of their own (docs/bench_study.py).
In the long form as many of another study are executed as there is time for.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from reliability.tables import Part

SCRIPT = Path(__file__).parents[1] / "bench_study.py"


def main(part: Part) -> None:
    """Measure the study that docs/bench_study.py makes."""
    part.rows.append([f"{part.count} runs", "seconds", "peak memory"])
    command = [sys.executable, str(SCRIPT), str(part.folder / "study"), "--runs", str(part.count)]
    command += ["--seconds", "0" if part.short else "60"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ})
    for line in done.stdout.splitlines():
        if found := re.match(r"(.+?) {2,}([\d.]+) s *(?:(\d+) MiB)?", line):
            part.rows.append([found[1], found[2], f"{found[3]} MiB" if found[3] else ""])
    if done.returncode:
        part.fault(done.stderr.strip().splitlines()[-1])
