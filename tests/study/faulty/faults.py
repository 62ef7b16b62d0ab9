"""Faults for the launcher's test: a term and a start of the user's own, outside the package.

FAULTS names a folder. `<seed>.raise`, `<seed>.kill` and `<seed>.memory` in it make the job of that
seed fail once, in the middle; `<seed>.slow` makes it slow once, from its third step on; `started`
gets a line per process that works on a job.
"""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from ganvas.loss import MSE
from ganvas.start import WAvg

SEED = 0
STEP = 12
SLOW_FROM, SLOW_SECONDS = 2, 10


class Marked(WAvg):
    def begin(self, generator, names, seed, photographs=None):
        global SEED
        SEED = seed
        return super().begin(generator, names, seed, photographs)


@dataclass(frozen=True)
class Faulty(MSE):
    def bind(self, reference):
        mse = super().bind(reference)
        folder = Path(os.environ["FAULTS"])
        with (folder / "started").open("a") as file:
            file.write(f"{SEED} {os.getpid()}\n")
        slow = (folder / f"{SEED}.slow").exists()
        (folder / f"{SEED}.slow").unlink(missing_ok=True)
        calls = iter(range(10**6))

        def faulty(view):
            step = next(calls)
            time.sleep(SLOW_SECONDS if slow and step >= SLOW_FROM else 0.02)
            if step == STEP:
                happen(folder, SEED)
            return mse(view)

        return faulty


def happen(folder, seed):
    for kind in ("raise", "kill", "memory"):
        file = folder / f"{seed}.{kind}"
        if file.exists():
            file.unlink()
            if kind == "raise":
                raise ValueError("a fault that the test asked for")
            if kind == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            held = bytearray(3 << 30)
            held[:: 1 << 12] = b"x" * len(held[:: 1 << 12])
            time.sleep(60)
