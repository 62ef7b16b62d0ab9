"""What a reconstruction reaches in a time: the recipe of today, and Adam as the paper prints it.

One portrait, the default generator and loss, one thread. Seconds are those of the whole run, from
loading the generator to the last picture.
"""

from __future__ import annotations

import tempfile
import time

from ganvas import Result, run
from speed.table import Rows, table

WORDS = (
    "logger=none", "trainer=cpu", "trainer.threads=1", "trainer.progress=false", "metrics=pixel",
    "+metrics.lpips={_target_: ganvas.metrics.LPIPS}", "budget.frame_every=0",
)  # fmt: skip
RECIPES = {"optimizer=adam": ("optimizer=adam",), "optimizer=paper": ("optimizer=paper",)}
STEPS = ((20, 15), (40, 30), (80, 60), (160, 120))
"""Of latent and noise."""


def timed(*words: str) -> tuple[Result, dict[str, float | str]]:
    """Return a finished run, and what it cost and reached."""
    started = time.process_time()
    finished = run([*WORDS, *words])
    seconds = time.process_time() - started
    final = finished.metrics["final"]
    return finished, {"seconds": seconds, "psnr": final["psnr"], "lpips": final["lpips"]}


def measure() -> Rows:
    """Return CPU seconds, PSNR in dB and LPIPS-VGG of each run."""
    rows: Rows = []
    with tempfile.TemporaryDirectory() as name:
        output = f"output={name}"
        timed(output, "budget.latent=1", "budget.noise=1")
        for recipe, words in RECIPES.items():
            for latent, noise in STEPS:
                _, found = timed(output, *words, f"budget.latent={latent}", f"budget.noise={noise}")
                rows.append({"recipe": recipe, "latent": latent, "noise": noise, **found})
    return rows


def page(rows: Rows) -> str:
    """Return the table of the page: the recipes, a row for each number of steps."""
    found = {(row["recipe"], row["latent"]): row for row in rows}
    lines = []
    for latent, noise in STEPS:
        line = [f"{latent} + {noise}"]
        for recipe in RECIPES:
            row = found[recipe, latent]
            line.append(f"{row['seconds']:.0f} s, {row['psnr']:.1f} dB, {row['lpips']:.3f}")
        lines.append(line)
    return table(("steps of latent + noise", *(f"`{recipe}`" for recipe in RECIPES)), lines)
