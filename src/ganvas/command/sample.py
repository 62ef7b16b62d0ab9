"""`ganvas sample`: draw images from a generator, with the latents and noise behind them."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from ganvas.command.generator_choice import chosen_generator
from ganvas.config.groups import user_folders
from ganvas.embedding import Embedding
from ganvas.errors import ConfigError, InputError
from ganvas.functional.images import to_uint8
from ganvas.generator.config import load_generator
from ganvas.image.picture import save_picture, to_picture

MOST = 10_000
"""Pictures of one call: all are in memory, and in one embedding."""

FARTHEST = 100
"""Of ψ, which is about 1: far outside, a generator draws grey without a word."""

LAST_SEED = 2**63
"""Below it lies every seed that names a picture."""


@torch.no_grad()
def sample(options: argparse.Namespace) -> int:
    """Draw `options.count` samples into the folder `options.output`; return 0.

    Image k has z from the seed `options.seed` + k, so that asking for more keeps the first ones.

    Raises:
        ConfigError: Count, seed or ψ is out of range, or an override is not one of the generator's.
        InputError: The folder holds other pictures.
    """
    if not 1 <= options.count <= MOST:
        raise ConfigError(f"--count must be at least 1 and at most {MOST}, not {options.count}")
    if not 0 <= options.seed <= LAST_SEED - options.count:
        raise ConfigError(f"--seed must be at least 0 and below 2⁶³, not {options.seed}")
    if not -FARTHEST <= options.psi <= FARTHEST:
        numbers = f"a number, such as 0.7, from -{FARTHEST} to {FARTHEST}"
        raise ConfigError(f"--psi must be {numbers}, not {options.psi}")
    folder = Path(options.output)
    names = tuple(f"{seed:04d}" for seed in range(options.seed, options.seed + options.count))
    if others := sorted({file.stem for file in folder.glob("*.png")} - set(names)):
        raise InputError(f"{folder} holds other pictures ({others[0]}.png); choose another folder")
    described = chosen_generator(options.overrides, user_folders(options.config_dir))
    generator = load_generator(described)
    latents, noises = [], []
    for name in names:
        rng = torch.Generator().manual_seed(int(name))
        latents.append(generator.sample_w(1, rng))
        noises.append(generator.sample_noise(1, rng))
    embedding = Embedding(
        latent=torch.cat(latents),
        noise=tuple(torch.cat(maps) for maps in zip(*noises, strict=True)),
        space="w",
        generator=described,
        generator_hash=generator.source_hash,
        names=names,
        truncation=options.psi,
    )
    for name, picture in zip(names, to_uint8(embedding.render(generator)), strict=True):
        save_picture(to_picture(picture), folder / f"{name}.png")
    embedding.save(folder / "embedding.safetensors")
    print(f"{folder}: {len(names)} pictures and their embedding.safetensors")
    return 0
