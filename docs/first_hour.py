"""Walk a new user's first hour, in a terminal and in a pipe; print what each answer costs.

    python docs/first_hour.py                     this checkout
    python docs/first_hour.py --source CHECKOUT   another one, to compare with on the same machine
    python docs/first_hour.py tab help            only the steps whose names begin so

CPU seconds are user and system time of the command and of the processes that it waits for. They
are those of a warm start: the weights are there, and Python has kept the bytecode of what it
imports. `--warm` does each step once before, unseen, so that it is so.
"""

from __future__ import annotations

import argparse
import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TINY = "generator=tiny loss=pixel metrics=pixel logger=none budget.latent=2 budget.noise=2"
CLOCK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Step:
    """One thing that a user tries.

    Attributes:
        name: What it is.
        words: The words behind `ganvas`.
        expected: A pattern in what is shown.
        goal: CPU seconds that it may take.
        terminal: In a terminal instead of a pipe.
        until: Stop when this pattern has come; by then the goal counts.
    """

    name: str
    words: str
    expected: str
    goal: float
    terminal: bool = False
    until: str = ""


STEPS = (
    Step("refusal: option", "run mask=bix", "did you mean 'box'", 1.5),
    Step("refusal: group", "run losss=lpips", "did you mean 'loss'", 1.5),
    Step("refusal: key", "run budget.laten=4", "did you mean 'latent'", 1.5),
    Step("refusal: another option's key", "run mask.left=0.4", "belongs to mask=box", 1.5),
    Step("refusal: no picture", "run image=file image.x.path=me.jpg", "me.jpg", 1.5),
    Step("refusal: negative rate", "run optimizer.latent.lr=-1", "greater than 0", 1.5),
    Step("refusal: in a sweep", "run -m hydra/launcher=local seed=0,x", "job 2 of 2", 1.5),
    Step("help", "--help", "examples:", 1),
    Step("help: run", "run --help", "GROUP=OPTION", 1),
    Step("help: group", "run --help edit", r"edit=inpaint +Inpainting", 1),
    Step("help: option", "run --help edit=reconstruct", "edit.stages.w, edit.stages.n", 1),
    Step("tab: option", "completion --complete run mask=bo", r"^mask=box", 0.5),
    Step("tab: key", "completion --complete run optimizer.latent.l", "optimizer.latent.lr=", 0.5),
    Step("tab: study", "completion --complete report f", "^$|first", 0.5),
    Step("run: tiny, in a pipe", f"run {TINY}", "psnr", 6),
    Step("run: tiny, in a terminal", f"run {TINY} seed=1", r"loading…[^$]*2/2", 6, terminal=True),
    Step("run: finished already", f"run {TINY}", "finished already", 2),
    Step("run: refused by its generator", f"run {TINY} edit=inpaint mask=full",
         r"\A(?![\s\S]*run outputs)[\s\S]*edit\.masks\.m", 6),
    Step("run: first step of the default", "run output=default", "loading…", 6, True, r"\b1/80"),
    Step("run: time left after two steps", "run output=default", r"\b2/80[^/]*\d:\d\d", 10, True,
         r"\b2/80[^/]*\d:\d\d"),
    Step("run: a line after 30 s", "run output=default", r"^1/2 w  step \d+/80  psnr .* eta \d", 45,
         until=r"eta \d"),
    Step("study: its first screen", f"run -m hydra/launcher=local study=first {TINY} seed=0,1",
         "loading…", 2, True, "loading…"),
    Step("study: its end", f"run -m hydra/launcher=local study=first {TINY} seed=2,3",
         "next: ganvas report first", 20),
    Step("study: metric and time left",
         f"run -m hydra/launcher=local study=first {TINY} budget.latent=40 seed=4,5",
         r"psnr[^$]*\d:\d\d left", 20, terminal=True),
    Step("ablate: counts", f"ablate {TINY} over=[stages]", r"\d+ variants", 2, False, "measuring"),
    Step("ablate: nobody answers", f"ablate {TINY} over=[stages]", "--yes", 25),
)  # fmt: skip


def walk(step: Step, source: Path, folder: Path) -> tuple[float, str]:
    """Do one step; return its CPU seconds and all that it showed."""
    command = [sys.executable, "-m", "ganvas.cli", *step.words.split()]
    environment = {**os.environ, "PYTHONPATH": str(source / "src"), "COLUMNS": "100"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # a user's Python keeps its bytecode
    if step.terminal:
        reader, writer = pty.openpty()
    else:
        reader, writer = os.pipe()
    process = subprocess.Popen(
        command, stdin=writer if step.terminal else subprocess.DEVNULL, stdout=writer,
        stderr=writer, env=environment, cwd=folder, start_new_session=True,
    )  # fmt: skip
    os.close(writer)
    shown = ""
    for text in chunks(reader):
        shown += text
        if step.until and re.search(step.until, shown):
            used = seconds_so_far(process.pid)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            os.close(reader)
            return used, shown
    os.close(reader)
    _, _, usage = os.wait4(process.pid, 0)
    return usage.ru_utime + usage.ru_stime, shown


def chunks(reader: int) -> Iterator[str]:
    """Iterate over what comes from a pipe or terminal until its other side is closed."""
    while True:
        select.select([reader], [], [])
        try:
            found = os.read(reader, 65536)
        except OSError:  # a terminal whose other side is closed
            return
        if not found:
            return
        yield found.decode(errors="replace")


def seconds_so_far(process: int) -> float:
    """Return the CPU seconds of a process that still runs."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / CLOCK


def main() -> int:
    """Walk all steps; return 1 where one did not show what it should."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="beginnings of names; default: all")
    parser.add_argument("--source", type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument("--warm", action="store_true", help="do each step once before")
    options = parser.parse_args()
    failed = 0
    print("| step | where | goal | CPU s | shows what it should |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for step in STEPS:
            if options.names and not step.name.startswith(tuple(options.names)):
                continue
            if options.warm:
                with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as unseen:
                    walk(step, options.source.resolve(), Path(unseen))
            used, shown = walk(step, options.source.resolve(), Path(folder))
            right = re.search(step.expected, shown, re.MULTILINE) is not None
            failed += not right
            where, verdict = "terminal" if step.terminal else "pipe", "yes" if right else "no"
            print(f"| {step.name} | {where} | {step.goal:g} | {used:.1f} | {verdict} |", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
