"""Runs per hour of a sweep: in packs, against one job after another, in one process.

    python docs/bench_packed.py
    python docs/bench_packed.py loss=lpips

Eight jobs that differ in seed, mask and weight, for three generators of random weights: the tiny
one and a StyleGAN2 at 64², and one at 256². Both ways do all that a run does, from loading the
generator to its pictures. CPU seconds, so that the ratio holds where the machine is busy. Words
that are given are overrides of all jobs.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from ganvas.checkpoint.generator_file import save_generator
from ganvas.command.run import run
from ganvas.generator.architecture import StyleGAN2Architecture
from ganvas.generator.random_weights import random_generator

SWEEP = ("seed=0,1", "mask=full,box", "loss.latent.mse.weight=1,2")
JOBS = 8
WORDS = (
    "loss=pixel", "metrics=pixel", "logger=none", "trainer=cpu", "trainer.threads=1",
    "trainer.progress=false", "budget=preview",
)  # fmt: skip
WAYS = {"one after another": (), "packed": ("hydra/launcher=packed",)}

CHANNELS = {"64": (128, 128, 128, 128, 64), "256": (128, 128, 128, 128, 64, 32, 16)}
"""Channels of each StyleGAN2 from 4² on: a quarter of what NVIDIA trains at 256²."""


def generators(folder: Path) -> dict[str, tuple[str, ...]]:
    """Return each generator's words, by its name; those of a file are saved in `folder`."""
    chosen = {"tiny, 64²": ("generator=tiny", "generator.resolution=64")}
    for name, channels in CHANNELS.items():
        file = folder / f"{name}.safetensors"
        save_generator(random_generator(StyleGAN2Architecture((512,) * 9, channels)), file)
        chosen[f"StyleGAN2, {name}²"] = ("generator=stylegan2", f"generator.checkpoint={file}")
    return chosen


def seconds(words: tuple[str, ...]) -> float:
    """Return the CPU seconds of a sweep."""
    started = time.process_time()
    assert run(["-m", *words]) == 0
    return time.process_time() - started


def main() -> None:
    """Print the runs per hour of both ways, and their ratio."""
    with tempfile.TemporaryDirectory() as name:
        for generator, chosen in generators(Path(name)).items():
            words = (*WORDS, *chosen, *sys.argv[1:], f"output={name}/out")
            # Imports, and the pictures' decoding, are of no concern.
            seconds((*words, "study=warm", "budget.latent=2", "budget.noise=2"))
            taken = {
                way: seconds((*words, *launcher, *SWEEP, f"study=ways-{len(launcher)}"))
                for way, launcher in WAYS.items()
            }
            rates = ", ".join(f"{way} {3600 * JOBS / s:.0f}" for way, s in taken.items())
            alone, packed = taken.values()
            print(f"{generator:<16} runs per hour: {rates}; ratio {alone / packed:.2f}", flush=True)


if __name__ == "__main__":
    main()
