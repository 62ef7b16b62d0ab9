"""What a step of a whole run costs beside a bare loop of the same arithmetic.

A run's step is the difference of a long run and a short one, its curve, watch, log and checkpoints
included and what comes once left out. The bare loop is that of speed/plain.py; the two take turns.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from ganvas import run
from ganvas.checkpoint.from_file import MobileStyleGANConfig
from ganvas.generator import Generator
from ganvas.generator.config import loaded
from ganvas.generator.tiny import TinyConfig
from ganvas.network.lpips import perceptual_distance
from speed.measure import Scenery
from speed.plain import project
from speed.table import Rows, table
from speed.task import Task

WORDS = (
    "edit=reconstruct_w", "edit.stages.w.tied=0", "optimizer=adam", "logger=none",
    "metrics=pixel", "budget=quick", "budget.frame_every=0", "trainer=cpu", "trainer.threads=1",
    "trainer.progress=false",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A generator, a loss, and how many steps are compared.

    Attributes:
        generator: It, as the bare loop draws it.
        words: The same for a run.
        task: Its terms.
        short, long: Steps of the two runs.
        rounds: How often both are measured.
    """

    generator: Generator
    words: tuple[str, ...]
    task: Task
    short: int
    long: int
    rounds: int


def cases() -> Iterator[tuple[str, Case]]:
    """Give the cases by name, each built when its turn comes."""
    mse = Task("latent", latent_lr=0.1, mse=1.0)
    tiny = loaded(TinyConfig(resolution=64))
    words = ("generator=tiny", "generator.resolution=64", "loss=pixel")
    yield "tiny, 64², MSE", Case(tiny, words, mse, 100, 400, 5)
    both = Task("latent", latent_lr=0.1, mse=2.0, lpips=1.0)
    words = (*words[:2], "loss=lpips")
    yield "tiny, 64², MSE and LPIPS", Case(tiny, words, both, 20, 80, 5)
    default = loaded(MobileStyleGANConfig())
    yield "default, 1024², MSE and LPIPS", Case(default, ("loss=lpips",), both, 2, 10, 5)


def of_a_run(case: Case, output: Path) -> float:
    """Return the CPU seconds that a run takes for each step."""
    taken = []
    for steps in (case.short, case.long):
        started = time.process_time()
        run([*WORDS, *case.words, f"output={output}", f"budget.latent={steps}", "force=true"])
        taken.append(time.process_time() - started)
    return (taken[1] - taken[0]) / (case.long - case.short)


def of_the_loop(case: Case, scenery: Scenery) -> float:
    """Return the CPU seconds of a step of the bare loop, after those of a short run."""
    marks: list[float] = []

    def after(step: int) -> None:
        if step in (case.short - 1, case.long - 1):
            marks.append(time.process_time())

    project(
        case.generator, case.task, scenery.w, scenery.noise, scenery.target, scenery.distance,
        after, case.long,
    )  # fmt: skip
    return (marks[1] - marks[0]) / (case.long - case.short)


def measure() -> Rows:
    """Return the CPU milliseconds of a step of both, and the median of their ratios."""
    rows: Rows = []
    with tempfile.TemporaryDirectory() as name:
        for title, case in cases():
            scenery = Scenery.of(case.generator, perceptual_distance("vgg", "cpu"))
            of_a_run(case, Path(name))  # imports, and the memory that is kept
            pairs = [(of_the_loop(case, scenery), of_a_run(case, Path(name)))
                     for _ in range(case.rounds)]  # fmt: skip
            bare, whole = (1000 * median(side) for side in zip(*pairs, strict=True))
            ratio = median(b / a for a, b in pairs)
            rows.append({"case": title, "bare": bare, "run": whole, "ratio": ratio})
    return rows


def page(rows: Rows) -> str:
    """Return the table of the page."""
    return table(
        ("generator, loss", "bare loop", "run", "ratio"),
        [(row["case"], f"{row['bare']:.1f}", f"{row['run']:.1f}", f"{row['ratio']:.2f}")
         for row in rows],
    )  # fmt: skip
