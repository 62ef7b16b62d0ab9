"""Time one optimisation step of the default generator, part by part: `make bench`.

Then what a step costs where only late layers may change, beside its share of the operations.

All parts run in one process, so their ratios hold even where the machine is busy; CPU seconds are
shown beside wall seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch.utils.flop_counter import FlopCounterMode

from ganvas.checkpoint.from_file import MobileStyleGANConfig
from ganvas.functional.images import resize
from ganvas.generator import Generator
from ganvas.layers import Explicit
from ganvas.loss import MSE, Block
from ganvas.network.lpips import perceptual_distance
from ganvas.optimizer import Adam
from ganvas.stage import Scene, StageConfig
from ganvas.stage.stage import Stage
from ganvas.start import WAvg
from ganvas.system.memory import keep_freed_memory

REPEATS = 4


def measure(name: str, part: Callable[[], object]) -> None:
    """Print the mean wall and CPU seconds of a part, after one call to warm up."""
    part()
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(REPEATS):
        part()
    wall, cpu = (time.perf_counter() - wall) / REPEATS, (time.process_time() - cpu) / REPEATS
    print(f"{name:<44} {wall:6.2f} s   {cpu:6.2f} CPU s", flush=True)


def part_of(generator: Generator, first: int) -> Callable[[], object]:
    """Return a step that fits the rows and maps of the layers from `first` on, with MSE."""
    behind = generator.layers[first:]
    layers = Explicit(
        rows=tuple(sorted({layer.row for layer in behind})),
        noise=tuple(layer.noise for layer in behind if layer.noise is not None),
    )
    adam = Adam(lr=0.1)
    config = StageConfig(
        optimise={"latent": adam, "noise": adam}, layers=layers,
        objective={"fit": Block({"mse": MSE()})}, steps=1,
    )  # fmt: skip
    start = WAvg().begin(generator, ("x",), seed=0)
    target = torch.zeros(1, 3, generator.resolution, generator.resolution)
    stage = Stage(config, Scene(generator, {"x": target}, {}, lambda: start), 1)
    return lambda: stage._pass(0, 0)


def subsets(generator: Generator) -> None:
    """Print the CPU seconds and the operations of a step, by the first layer that may change."""
    whole: tuple[float, int] | None = None
    for first in range(0, len(generator.layers), 2):
        step = part_of(generator, first)
        with FlopCounterMode(display=False) as counter:
            step()
        started = time.process_time()
        for _ in range(REPEATS):
            step()
        cost = (time.process_time() - started) / REPEATS, counter.get_total_flops()
        whole = whole or cost
        shares = [f"{100 * a / b:4.0f} %" for a, b in zip(cost, whole, strict=True)]
        name = generator.layers[first].name
        print(f"from {name:<16} CPU {shares[0]} of a step, operations {shares[1]}", flush=True)


def main() -> None:
    """Measure forward, latent step and noise step, before and after memory is kept."""
    generator = MobileStyleGANConfig().load().eval().requires_grad_(False)
    w = generator.broadcast(generator.w_avg[None]).requires_grad_()
    noise = generator.sample_noise(1)
    moved = [n.clone().requires_grad_() for n in noise]
    styles = [s.detach() for s in generator.styles(w)]
    target = torch.zeros(1, 3, generator.resolution, generator.resolution)
    distance = perceptual_distance("vgg", "cpu")
    reference = distance.reference(resize(target, 256))

    @torch.no_grad()
    def forward() -> None:
        generator(w, noise)

    def latent() -> None:
        generator(w, noise).square().mean().backward()

    def perceptual() -> None:
        image = generator(w, noise)
        (image.square().mean() + distance(resize(image, 256), reference).sum()).backward()

    def noise_step() -> None:
        generator.synthesis(styles, moved).square().mean().backward()

    parts = {
        "forward": forward,
        "latent step, MSE": latent,
        "latent step, MSE and LPIPS-VGG at 256²": perceptual,
        "noise step, MSE": noise_step,
    }
    print(f"{generator.name}, 1024², batch 1, {torch.get_num_threads()} threads")
    for name, part in parts.items():
        measure(name, part)
    print("freed memory kept:", keep_freed_memory())
    for name, part in parts.items():
        measure(name, part)
    subsets(generator)


if __name__ == "__main__":
    main()
