"""Time one optimisation step of the default generator, part by part: `make bench`.

All parts run in one process, so their ratios hold even where the machine is busy; CPU seconds are
shown beside wall seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from ganvas.checkpoint.from_file import MobileStyleGANConfig
from ganvas.functional.images import resize
from ganvas.network.lpips import perceptual_distance
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


if __name__ == "__main__":
    main()
