"""`ganvas train generator`: train a StyleGAN2 on crops of pictures of a texture."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from omegaconf import OmegaConf
from pydantic import Field

from ganvas.adversarial.symmetry import Symmetry
from ganvas.adversarial.training import Adversarial, Progress, settled
from ganvas.config.checked import resolve_as
from ganvas.config.compose import Resolver
from ganvas.config.groups import user_folders
from ganvas.config.schema import build
from ganvas.errors import ConfigError, InputError, Interrupted
from ganvas.generator.architecture import Count, StyleGAN2Architecture
from ganvas.runner.process import configured
from ganvas.runner.settings import Trainer
from ganvas.system.files import write_text

if TYPE_CHECKING:
    from torch import Tensor

    from ganvas.adversarial.crops import Crops
    from ganvas.generator.stylegan2 import StyleGAN2

ROOT = "train_generator"
"""The configuration that is composed."""

FILE = "generator.safetensors"
SAMPLES = "samples.png"
CURVE = "curve.jsonl"
GRID = 6
"""Rows and columns of samples.png."""


@dataclass(frozen=True)
class GeneratorTraining:
    """One training of a generator of textures.

    Attributes:
        trainer: Device, precision and threads (group); bf16-mixed computes in bfloat16.
        pictures: A picture, a folder or a glob.
        seconds: Most time, from the first step on.
        images: Most images that the discriminator sees; null: as many as there is time for.
        channels: Channels at 4², 8², … up to the image's resolution.
        w_dim: Length of z and w.
        depth: Layers of the mapping network.
        scales: At which scales pictures are cropped.
        symmetry: Which images of a crop are as good as itself: none, mirror (left and right),
            transpose (rows and columns), or square (all eight).
        adversarial: Losses, rates and changes of colour.
        seed: Of weights, latents and crops.
        save_seconds: Seconds between two saves.
        output: The folder of weights, samples and curve.
    """

    trainer: Trainer
    pictures: Path
    seconds: Annotated[float, Field(gt=0)] = 300.0
    images: Annotated[int, Field(ge=1)] | None = None
    channels: Annotated[tuple[Count, ...], Field(min_length=2, max_length=9)] = (
        160, 192, 192, 160, 96, 48,
    )  # fmt: skip
    w_dim: Count = 128
    depth: Annotated[int, Field(ge=1, le=16)] = 4
    scales: tuple[Annotated[float, Field(gt=0, le=4)], ...] = (1.0,)
    symmetry: Symmetry = "mirror"
    adversarial: Adversarial = field(default_factory=Adversarial)
    seed: Annotated[int, Field(ge=0, lt=2**40)] = 0
    save_seconds: Annotated[float, Field(gt=0)] = 30.0
    output: Path = Path("generators/texture")

    @property
    def architecture(self) -> StyleGAN2Architecture:
        """What the generator is made of."""
        return StyleGAN2Architecture((self.w_dim,) * (self.depth + 1), self.channels)


def train_generator(options: argparse.Namespace) -> int:
    """Train a generator, saving it as it goes; return 0.

    Raises:
        ConfigError: An override is wrong, or the folder holds a generator already.
        InputError: There are no pictures, or they are smaller than the generator's.
        RunError: The training diverged; what was saved stays.
        Interrupted: Ctrl-C; likewise.
    """
    resolver = Resolver(user_folders(options.config_dir), root=ROOT)
    tree, job = resolve_as(GeneratorTraining, resolver, options.overrides)
    training: GeneratorTraining = build(tree)
    training.trainer.require_device()
    if (training.output / FILE).exists():
        raise ConfigError(f"output={training.output}: there is a {FILE} already")
    crops = real_crops(training)
    write_text(training.output / "config.yaml", OmegaConf.to_yaml(OmegaConf.create(job.config)))
    with configured(training.trainer, training.seed):
        try:
            fit(training, crops)
        except KeyboardInterrupt as error:
            raise Interrupted(f"stopped; {training.output} holds what was saved last") from error
    return 0


def real_crops(training: GeneratorTraining) -> Crops:
    """Read the pictures onto the device.

    Raises:
        InputError: There are none, or they are smaller than the generator's.
    """
    from ganvas.adversarial.crops import Crops, at_scales
    from ganvas.image.decode import decode
    from ganvas.image.find import find_pictures

    size = training.architecture.resolutions[-1]
    device = training.trainer.torch_device()
    parts: list[Tensor] = []
    for file in find_pictures(training.pictures):
        parts += at_scales(pixels(decode(file)), training.scales, size)
    if not parts:
        raise InputError(f"pictures={training.pictures}: none has {size}×{size} pixels at a scale")
    return Crops([part.to(device) for part in parts], size, training.symmetry)


def pixels(picture: object) -> Tensor:
    """Return the pixels (3, H, W), uint8, of an 8-bit RGB picture."""
    import numpy as np
    import torch

    return torch.from_numpy(np.array(picture)).permute(2, 0, 1)


def fit(training: GeneratorTraining, crops: Crops) -> None:
    """Train, and write weights, samples and the curve again and again."""
    from dataclasses import replace

    import torch

    from ganvas.adversarial.discriminator import Discriminator
    from ganvas.adversarial.initial import untrained

    device = training.trainer.torch_device()
    generator = untrained(training.architecture, training.seed).to(device)
    discriminator = Discriminator(training.channels).to(device)
    discriminator.initialise(torch.Generator().manual_seed(training.seed))
    if training.trainer.channels_last:
        generator.to(memory_format=torch.channels_last)
        discriminator.to(memory_format=torch.channels_last)
    settings = replace(training.adversarial, bfloat16=training.trainer.precision == "bf16-mixed")
    curve: list[str] = []
    for progress in settings.fit(
        generator, discriminator, crops, training.seed, training.seconds,
        training.images or 2**62, training.save_seconds,
    ):  # fmt: skip
        save(training, progress, curve)
        if training.trainer.progress:
            print(said(progress), flush=True)
    file = training.output / FILE
    print(f"{file}: {file.stat().st_size / 2**20:.1f} MiB, {progress.images} images seen")


def save(training: GeneratorTraining, progress: Progress, curve: list[str]) -> None:
    """Write the averaged weights, a grid of what they draw, and a line of the curve more."""
    from ganvas.checkpoint.generator_file import write

    numbers = {
        name: round(getattr(progress, name), 4)
        for name in ("images", "seconds", "g_loss", "d_loss", "r1")
    }
    curve.append(json.dumps(numbers))
    write(training.output / FILE, training.architecture, settled(progress.generator), "trained")
    write_text(training.output / CURVE, "\n".join(curve) + "\n")
    write_samples(progress.generator, training.output / SAMPLES)


def write_samples(generator: StyleGAN2, file: Path) -> None:
    """Write a grid of what the generator draws from latents of a fixed seed, without truncation."""
    import torch

    from ganvas.functional.images import to_uint8
    from ganvas.image.picture import save_picture, to_picture

    rng = torch.Generator().manual_seed(0)
    with torch.no_grad():
        w = generator.broadcast(generator.sample_w(GRID * GRID, rng))
        images = to_uint8(generator(w, generator.sample_noise(GRID * GRID, rng)))
    height, width = (GRID * side for side in images.shape[2:])
    sheet = (
        images.view(GRID, GRID, *images.shape[1:]).permute(2, 0, 3, 1, 4).reshape(3, height, width)
    )
    save_picture(to_picture(sheet.cpu()), file)


def said(progress: Progress) -> str:
    """Return a line of progress."""
    return (
        f"{progress.seconds:.0f} s, {progress.images / 1000:.1f} thousand images: "
        f"generator {progress.g_loss:.3f}, discriminator {progress.d_loss:.3f}, "
        f"R1 {progress.r1:.4f}"
    )
