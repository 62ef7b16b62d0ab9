"""A part of the tests from every room, each time in other surroundings.

`slow` tests and those that need a browser, a cluster or a GPU are left out; all tests run in CI.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reliability.tables import Part

ROOT = Path(__file__).parents[2]
CLOCK = Path(__file__).with_name("jumping_clock")

TESTS = (
    "analysis/test_table.py", "assets/test_store.py", "embedding/test_embedding.py",
    "functional/test_images.py", "image/test_source.py", "mask/test_file.py",
    "runner/test_sharing.py", "runner/test_signature.py", "start", "study/test_plan.py", "system",
    "tracking/test_csv.py",
)  # fmt: skip
"""Below `tests/`: what reads clocks, names, folders, locales and caches, and a run of each room."""


@dataclass(frozen=True)
class Surroundings:
    """What a variant changes.

    Attributes:
        name: Its row in the table.
        before: Words before the command.
        options: Of pytest.
        environment: Variables; None unsets one.
        elsewhere: Whether pytest is started in another folder.
        times: How many of it work at the same time, in the same checkout.
    """

    name: str
    before: Sequence[str] = ()
    options: Sequence[str] = ()
    environment: Mapping[str, str | None] = field(default_factory=dict)
    elsewhere: bool = False
    times: int = 1


ALONE = ("unshare", "--net") if os.getuid() == 0 else ("unshare", "--map-root-user", "--net")

VARIANTS = (
    Surroundings("C locale, UTF-8 mode off", environment={
        "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    Surroundings("Turkish locale", environment={"LC_ALL": "tr_TR.UTF-8"}),
    Surroundings("German locale, ISO-8859-1", environment={
        "LC_ALL": "de_DE.ISO-8859-1", "PYTHONUTF8": "0"}),
    Surroundings("without HOME", environment={"HOME": None}),
    Surroundings("no network, warm cache", before=ALONE),
    Surroundings("a clock that jumps", environment={"PYTHONPATH": str(CLOCK)}),
    Surroundings("one core", before=("taskset", "-c", "0")),
    Surroundings("random order", options=("-p", "randomly")),
    Surroundings("from another folder", elsewhere=True),
    Surroundings("twice at once in one checkout", times=2),
)  # fmt: skip


def main(part: Part) -> None:
    """Run the tests in one variant after the other; `count` of them where it is not 0."""
    part.rows.append(["surroundings", "passed", "failed", "skipped"])
    paths = [str(path) for name in TESTS if (path := ROOT / "tests" / name).exists()]
    for variant in VARIANTS[: part.count or None]:
        if part.time_is_up:
            part.note = "The time was up before all variants."
            break
        if variant.before and shutil.which(variant.before[0]) is None:
            part.rows.append([variant.name, "", "", f"no {variant.before[0]} on this machine"])
            continue
        _try(part, variant, paths)


def _try(part: Part, variant: Surroundings, paths: Sequence[str]) -> None:
    environment = dict(os.environ)
    for key, value in variant.environment.items():
        environment.pop(key, None)
        if value is not None:
            environment[key] = value
    # What is tested is this checkout, also where the variant has its own PYTHONPATH.
    parts = [str(ROOT / "src"), variant.environment.get("PYTHONPATH")]
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, parts))
    command = [
        *variant.before, sys.executable, "-m", "pytest", "-q", "-c", str(ROOT / "pyproject.toml"),
        f"--rootdir={ROOT}", "-m", "not slow and not browser and not slurm and not gpu",
        "-p", "no:cacheprovider", *variant.options, *paths,
    ]  # fmt: skip
    folder = part.folder if variant.elsewhere else ROOT
    started = [
        subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            encoding="utf-8",
            errors="replace",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for _ in range(variant.times)
    ]
    counts = dict.fromkeys(("passed", "failed", "skipped"), 0)
    for process in started:
        out, _ = process.communicate()
        (part.folder / f"{variant.name}.log").write_text(out, encoding="utf-8")
        last = out.strip().splitlines()[-1] if out.strip() else ""
        for number, word in re.findall(r"(\d+) (passed|failed|error|skipped)", last):
            counts["failed" if word == "error" else word] += int(number)
        for line in out.splitlines():
            if line.startswith(("FAILED ", "ERROR ")):
                part.fault(f"{variant.name}: {line}")
        if process.returncode and not counts["failed"]:
            part.fault(f"{variant.name}: exit code {process.returncode}: {last}")
    part.rows.append([variant.name, *map(str, counts.values())])
    print(f"  {variant.name}: {counts}", flush=True)
