"""SIGKILL, SIGTERM and SIGSTOP at random moments; then the same command once more.

Moments are drawn from the seed: every other one is the n-th thing that the command does with a
file, which repeats exactly; the others are a share of the CPU seconds that it takes undisturbed.
"""

from __future__ import annotations

import itertools
import os
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from reliability import moments, scenes
from reliability.child import Child, Ending, run
from reliability.scenes import Result, Scene
from reliability.tables import Part

SIGNALS = {"SIGKILL": signal.SIGKILL, "SIGTERM": signal.SIGTERM, "SIGSTOP": signal.SIGSTOP}
SHORT = ("run", "convert", "report")
LAUNCHER_SHARE = 0.1
"""How many of the moments a command gets that starts a server of its own, which takes long."""


class Undisturbed:
    """How a command goes when nothing disturbs it.

    Attributes:
        result: What it leaves.
        moments: How many moments it has.
        seconds: CPU seconds that it takes.
    """

    def __init__(self, scene: Scene, folder: Path, made: Path) -> None:
        folder.mkdir()
        scene.prepare(folder, made)
        reader, writer = os.pipe()
        os.set_blocking(writer, True)
        child = Child(folder, scene.words, both(scenes.pretend_to_upload,
                                                 moments.counting(writer)))  # fmt: skip
        os.close(writer)
        count = 0
        while block := os.read(reader, 65536):
            count += len(block)
        os.close(reader)
        ended = child.wait()
        if ended.code:
            raise SystemExit(f"{scene.name}, undisturbed, has failed:\n{ended.err}")
        self.result, self.moments, self.seconds = scene.result(folder), count, ended.seconds


def main(part: Part) -> None:
    """Disturb every command, and see that the same command ends as if nothing had been."""
    rng = random.Random(part.seed)
    made = part.folder / "made"
    scenes.make(made)
    part.rows.append(["command", "moments", *SIGNALS, "ended before", "equal to the bit"])
    chosen = [s for s in scenes.SCENES if not part.short or s.name in SHORT]
    calm = {
        scene.name: Undisturbed(scene, part.folder / f"calm-{index}", made)
        for index, scene in enumerate(chosen)
    }
    tallies: dict[str, Counter[str]] = {scene.name: Counter() for scene in chosen}
    per_scene = max(1, part.count // len(chosen))
    # By turns, so that no command goes without where time is short.
    for number, scene in itertools.product(range(per_scene), chosen):
        share, tally = rng.random(), tallies[scene.name]
        rare = scene.launches and number >= max(3, round(per_scene * LAUNCHER_SHARE))
        if part.time_is_up or rare:
            continue
        name = list(SIGNALS)[number % 3]
        exact = scene.launches or number % 2 == 0
        folder = part.folder / "disturbed"
        fault, came = disturb(scene, calm[scene.name], SIGNALS[name], share, exact, folder, made)
        tally.update({name: 1, "late": int(not came), "equal": int(not fault)})
        if fault:
            kind = "moment" if exact else "CPU time"
            part.fault(f"{scene.name}, {name} at {share:.4f} ({kind}): {fault}")
        shutil.rmtree(folder, ignore_errors=True)
    for scene in chosen:
        tally = tallies[scene.name]
        counts = [str(tally[name]) for name in SIGNALS]
        done = sum(map(int, counts))
        part.rows.append([scene.name, str(calm[scene.name].moments), *counts, str(tally["late"]),
                          f"{tally['equal']} of {done}"])  # fmt: skip


def disturb(
    scene: Scene,
    calm: Undisturbed,
    number: int,
    share: float,
    exact: bool,
    folder: Path,
    made: Path,
) -> tuple[str, bool]:
    """Disturb one command once and repeat it; return what is wrong, and whether the moment came."""
    folder.mkdir(parents=True)
    scene.prepare(folder, made)
    before = scenes.runs_of(folder)

    def act() -> None:
        os.kill(os.getpid(), number)

    moment = moments.at(1 + int(share * calm.moments), act) if exact else (lambda: None)
    child = Child(folder, scene.words, both(scenes.pretend_to_upload, moment))
    if not exact:
        while child.used() < share * calm.seconds and not child.ended():
            time.sleep(0.002)
        child.signal(number)
    if number == signal.SIGSTOP:
        ended, fault = _stopped(scene, child, folder)
    else:
        ended = child.wait()
        right = {signal.SIGKILL: (0, -signal.SIGKILL), signal.SIGTERM: (0, 130, -signal.SIGTERM)}
        fault = ended.fault(right[number])
    came = ended.code != 0 or number == signal.SIGSTOP
    if not fault:
        fault = lost(before, folder)
    if not fault:
        again = run(folder, scene.words, scenes.pretend_to_upload)
        fault = again.fault((0,)) or scenes.difference(calm.result, scene.result(folder))
    return fault or scenes.left_over(folder), came


def _stopped(scene: Scene, child: Child, folder: Path) -> tuple[Ending, str]:
    """Let a second process try while the first one is stopped; then let the first one go on."""
    fault = ""
    if child.wait_stopped() and not scene.launches:
        second = run(folder, scene.words, scenes.pretend_to_upload)
        fault = second.fault((0, 2))
    child.signal(signal.SIGCONT)
    ended = child.wait()
    return ended, fault or ended.fault((0,))


def lost(before: Result, folder: Path) -> str:
    """Return what is no longer as it was of the runs that there were before, or ""."""
    now = scenes.runs_of(folder)
    return scenes.difference(before, {name: now.get(name) for name in before})


def both(*functions: Callable[[], object]) -> Callable[[], None]:
    """Return a function that calls all of `functions`."""

    def call() -> None:
        for function in functions:
            function()

    return call
