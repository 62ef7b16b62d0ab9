"""Time a latent step on a draft beside one in full: `python docs/bench_draft.py`.

MobileStyleGAN, and StyleGAN2 of configuration f with random weights, both at 1024²; MSE and
LPIPS-VGG at 256². The parts are timed in turn, on one thread, and given in CPU seconds and as
shares of a step in full.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from bench_gpu import stylegan2
from ganvas.checkpoint.from_file import MobileStyleGANConfig
from ganvas.generator import Generator
from ganvas.layers import All
from ganvas.loss import LPIPS, MSE, Block
from ganvas.optimizer import Adam
from ganvas.stage import Draft, Scene, StageConfig
from ganvas.stage.stage import Stage
from ganvas.start import WAvg

ROUNDS = 3
STEPS = 10
"""Of the stage; the first half of them is taken on drafts."""


def parts(generator: Generator) -> dict[str, Callable[[], object]]:
    """Return a step in full, one on a draft, and the fit of its head."""
    config = StageConfig(
        optimise={"latent": Adam(lr=0.1)}, layers=All(),
        objective={"fit": Block({"mse": MSE(resolution=256), "lpips": LPIPS(resolution=256)})},
        steps=STEPS, draft=Draft(until=0.5),
    )  # fmt: skip
    start = WAvg().begin(generator, ("x",), seed=0)
    target = torch.zeros(1, 3, generator.resolution, generator.resolution)
    stage = Stage(config, Scene(generator, {"x": target}, {}, lambda: start), 1)
    return {
        "a step in full": lambda: stage._pass(0, STEPS - 1),
        "the head's fit": lambda: stage._fit_drafts(0),
        "a step on a draft": lambda: stage._pass(0, 0),
    }


def main() -> None:
    """Measure both generators."""
    torch.set_num_threads(1)
    for generator in (MobileStyleGANConfig().load(), stylegan2(small=False)):
        timed = parts(generator.eval().requires_grad_(False))
        seconds = dict.fromkeys(timed, 0.0)
        for turn in range(1 + ROUNDS):
            for name, part in timed.items():
                started = time.process_time()
                part()
                # The first turn warms up.
                seconds[name] += (time.process_time() - started) * (turn > 0) / ROUNDS
        whole = seconds["a step in full"]
        for name, each in seconds.items():
            share = f"{100 * each / whole:4.0f} %"
            print(f"{generator.name:<16} {name:<18} {each:6.2f} CPU s {share}", flush=True)


if __name__ == "__main__":
    main()
