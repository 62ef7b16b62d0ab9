"""A full disk, a lost permission, no handles left, a clock set back: at random moments.

The disk is a file system in memory that fills up; where this user may not mount one, each writing
is refused with the same error instead. After the moment, nothing can be written, opened or trusted;
then the trouble is over, and the same command continues.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import random
import resource
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

from reliability import kills, moments, scenes
from reliability.child import run
from reliability.tables import Part

DISK = 256 << 20
SPARE = 3
"""How many handles are left at the most."""

BACK = timedelta(days=3650)
FILLER = "filler"


def main(part: Part) -> None:
    """Bring each trouble upon each command of one process."""
    rng = random.Random(part.seed)
    made = part.folder / "made"
    scenes.make(made)
    chosen = [s for s in scenes.SCENES if not s.launches]
    if part.short:
        chosen = [s for s in chosen if s.name == "run"]
    part.rows.append(["command", *TROUBLES, "ended before", "continued, equal to the bit"])
    disk = part.folder / "disk"
    with small_disk(disk) as real:
        part.note = "" if real else "No disk could be mounted: a full one was simulated."
        calm = {
            scene.name: kills.Undisturbed(scene, part.folder / f"calm-{index}", made)
            for index, scene in enumerate(chosen)
        }
        tallies: dict[str, Counter[str]] = {scene.name: Counter() for scene in chosen}
        each = max(1, part.count // (len(chosen) * len(TROUBLES)))
        for _, (name, trouble), scene in itertools.product(range(each), TROUBLES.items(), chosen):
            share = rng.random()
            if part.time_is_up:
                continue
            fault, came = endure(scene, calm[scene.name], trouble, share, disk / "work", made)
            tallies[scene.name].update({name: 1, "late": int(not came), "equal": int(not fault)})
            if fault:
                part.fault(f"{scene.name}, {name} at {share:.4f}: {fault}")
            shutil.rmtree(disk / "work", ignore_errors=True)
        for scene_name, tally in tallies.items():
            counts = [str(tally[name]) for name in TROUBLES]
            done = sum(map(int, counts))
            part.rows.append([scene_name, *counts, str(tally["late"]),
                              f"{tally['equal']} of {done}"])  # fmt: skip


def endure(
    scene: scenes.Scene,
    calm: kills.Undisturbed,
    trouble: Callable[[Path], object],
    share: float,
    folder: Path,
    made: Path,
) -> tuple[str, bool]:
    """Let a command meet a trouble, and repeat it without; return the fault, and whether it met."""
    folder.mkdir(parents=True)
    scene.prepare(folder, made)
    arm = moments.at(1 + int(share * calm.moments), lambda: trouble(folder))
    ended = run(folder, scene.words, kills.both(scenes.pretend_to_upload, arm))
    (folder / FILLER).unlink(missing_ok=True)
    # 1: the run says in one line that it failed; its traceback is in the log.
    fault = ended.fault((0, 1, 2))
    if not fault:
        again = run(folder, scene.words, scenes.pretend_to_upload)
        fault = again.fault((0,)) or scenes.difference(calm.result, scene.result(folder))
    return fault or scenes.left_over(folder), ended.code != 0


def fill_disk(folder: Path) -> None:
    """Fill the disk of `folder`; on a real one, refuse each writing as a full one does."""
    if shutil.disk_usage(folder).total > DISK:
        moments.refuse(OSError, errno.ENOSPC, str(folder))
        return
    with contextlib.suppress(OSError), (folder / FILLER).open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 16))


def lose_permission(folder: Path) -> None:
    """Refuse to change anything below `folder`."""
    moments.refuse(PermissionError, errno.EACCES, str(folder))


def use_up_handles(folder: Path) -> None:
    """Leave a few handles."""
    used = max(int(file.name) for file in Path("/proc/self/fd").iterdir())
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + SPARE, hard))


def set_clock_back(folder: Path) -> None:
    """Set the clock that this process reads back by ten years."""
    import sys

    original = time.time

    class Earlier(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.now(tz) - BACK

    time.time = lambda: original() - BACK.total_seconds()
    for name, module in list(sys.modules.items()):
        if name.startswith("ganvas.") and getattr(module, "datetime", None) is datetime:
            vars(module)["datetime"] = Earlier


TROUBLES = {
    "disk full": fill_disk,
    "permission lost": lose_permission,
    "no handles": use_up_handles,
    "clock set back": set_clock_back,
}


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Mount a small disk at `folder` where this user may; yield whether it is one."""
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(words, capture_output=True).returncode == 0
    except OSError:
        mounted = False
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)
