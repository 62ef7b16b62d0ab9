"""What a step of the default generator is made of."""

from __future__ import annotations

import torch

from ganvas.checkpoint.from_file import MobileStyleGANConfig
from ganvas.functional.images import resize
from ganvas.generator.config import loaded
from ganvas.network.lpips import perceptual_distance
from speed.clock import by_turns
from speed.table import Rows, percent, table


def measure() -> Rows:
    """Return the CPU seconds of the generator alone, and of steps of latent and noise."""
    generator = loaded(MobileStyleGANConfig())
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

    seconds = by_turns({
        "the generator alone": forward,
        "latent, MSE and LPIPS-VGG at 256²": perceptual,
        "latent, MSE": latent,
        "noise, MSE": noise_step,
    })  # fmt: skip
    return [{"part": name, "seconds": value} for name, value in seconds.items()]


def page(rows: Rows) -> str:
    """Return the table of the page."""
    whole = next(r["seconds"] for r in rows if "LPIPS" in str(r["part"]))
    return table(
        ("pass", "CPU seconds", "of a latent step"),
        [(r["part"], f"{r['seconds']:.2f}", percent(r["seconds"], whole)) for r in rows],
    )
