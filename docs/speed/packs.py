"""Runs per hour of a sweep: in packs, against one job after another, in one process.

Eight jobs that differ in seed, mask and weight, with generators of random weights. Both ways do all
that a run does, from loading the generator to its pictures.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from ganvas.checkpoint.generator_file import save_generator
from ganvas.command.run import run
from speed.networks import NARROW, stylegan2
from speed.table import Rows, table

SWEEP = ("seed=0,1", "mask=full,box", "loss.latent.mse.weight=1,2")
JOBS = 8
WORDS = (
    "metrics=pixel", "logger=none", "trainer=cpu", "trainer.threads=1", "trainer.progress=false",
    "budget=preview",
)  # fmt: skip
WAYS = {"alone": (), "packed": ("hydra/launcher=packed",)}


def cases(folder: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give each row's name and its words; generators of a file are saved in `folder`."""
    tiny = ("generator=tiny", "generator.resolution=64")
    narrow = {}
    for size, channels in NARROW.items():
        file = folder / f"{size}.safetensors"
        save_generator(stylegan2(channels), file)
        narrow[size] = ("generator=stylegan2", f"generator.checkpoint={file}")
    yield "tiny, 64², MSE", (*tiny, "loss=pixel")
    yield "tiny, 64², MSE and LPIPS", (*tiny, "loss=lpips")
    yield "StyleGAN2 with a quarter of its channels, 64², MSE", (*narrow[64], "loss=pixel")
    yield "the same, MSE and LPIPS", (*narrow[64], "loss=lpips")
    yield "the same at 256², MSE", (*narrow[256], "loss=pixel")


def seconds(words: tuple[str, ...]) -> float:
    """Return the CPU seconds of a sweep."""
    started = time.process_time()
    assert run(["-m", *words]) == 0
    return time.process_time() - started


def measure() -> Rows:
    """Return the CPU seconds of both ways, by generator and loss."""
    rows: Rows = []
    with tempfile.TemporaryDirectory() as name:
        for title, chosen in cases(Path(name)):
            words = (*WORDS, *chosen, f"output={name}/out")
            # Imports, and the pictures' decoding, are of no concern.
            seconds((*words, "study=warm", "force=true", "budget.latent=2", "budget.noise=2"))
            taken = {
                way: seconds((*words, *launcher, *SWEEP, f"study={way}"))
                for way, launcher in WAYS.items()
            }
            rows.append({"case": title, **taken})
    return rows


def page(rows: Rows) -> str:
    """Return the table of the page."""
    lines = []
    for row in rows:
        alone, packed = float(row["alone"]), float(row["packed"])
        rates = (f"{3600 * JOBS / each:.0f}" for each in (alone, packed))
        lines.append((row["case"], *rates, f"{alone / packed:.1f}"))
    head = ("generator, loss", "one after another, runs per CPU hour", "packed", "ratio")
    return table(head, lines)
