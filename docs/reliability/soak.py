"""Many runs in one process, and a launcher for a long time: memory and handles stay flat."""

from __future__ import annotations

import os
import time
from pathlib import Path

from reliability.child import Child
from reliability.scenes import TINY
from reliability.tables import Part

WARM = 5
"""The first runs, during which caches fill."""

FLAT_MIB = 32
"""By how much memory may differ between two samples of a flat one."""


def main(part: Part) -> None:
    """Take samples of a process that runs one experiment after another, and of a launcher."""
    part.rows.append(["process", "runs", "memory after 5 runs", "at the end", "handles"])
    half = (part.deadline - time.monotonic()) / 2
    one_process(part, part.count, time.monotonic() + half)
    if not part.short:
        launcher(part, part.count, min(part.deadline, time.monotonic() + half))


def one_process(part: Part, count: int, deadline: float) -> None:
    """Execute `count` runs by `ganvas.run` in one process."""
    reader, writer = os.pipe()

    def work() -> None:
        import ganvas

        for number in range(count):
            if time.monotonic() > deadline:
                break
            ganvas.run([*TINY, f"seed={number}"])
            os.write(writer, f"{_mib('self')} {_handles('self')}\n".encode())
        os._exit(0)

    child = Child(part.folder / "process", ["doctor"], work)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        samples = [tuple(map(int, line.split())) for line in pipe]
    ended = child.wait()
    if ended.code:
        part.fault(f"a run of the soak failed: {ended.err[-300:]}")
    _judge(part, "one process", len(samples), samples)


def launcher(part: Part, count: int, deadline: float) -> None:
    """Let the local launcher execute a study, and sample the launcher until time is up.

    The study has more runs than there is time for.
    """
    count *= 10
    words = ["run", "-m", *TINY, "hydra/launcher=local", "hydra.launcher.jobs=2", "study=soak",
             f"seed=range(0,{count})"]  # fmt: skip
    folder = part.folder / "launcher"
    child = Child(folder, words)
    samples: list[tuple[int, ...]] = []
    seen = 0
    while not child.ended() and time.monotonic() < deadline:
        time.sleep(1)
        done = len(list(folder.glob("outputs/soak/*/metrics.json")))
        if done > seen:
            seen = done
            samples.append((_mib(str(child.pid)), _handles(str(child.pid))))
        if done == count:
            break
    child.signal(15)
    ended = child.wait()
    if ended.code not in (0, 130):
        part.fault(f"the launcher of the soak ended with {ended.code}: {ended.err[-300:]}")
    _judge(part, "launcher, 2 at a time", seen, samples)


def _judge(part: Part, name: str, runs: int, samples: list[tuple[int, ...]]) -> None:
    early = samples[WARM - 1] if len(samples) >= WARM else samples[0] if samples else (0, 0)
    last = samples[-1] if samples else (0, 0)
    handles = f"{early[1]} → {last[1]}"
    part.rows.append([name, str(runs), f"{early[0]} MiB", f"{last[0]} MiB", handles])
    if last[0] > early[0] + FLAT_MIB:
        part.fault(f"{name}: memory grew from {early[0]} to {last[0]} MiB in {runs} runs")
    if last[1] > early[1] + 4:
        part.fault(f"{name}: handles grew from {handles} in {runs} runs")


def _mib(process: str) -> int:
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") >> 20


def _handles(process: str) -> int:
    try:
        return len(list(Path(f"/proc/{process}/fd").iterdir()))
    except OSError:
        return 0
