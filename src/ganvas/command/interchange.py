"""`ganvas export` and `ganvas import`: w+ in other programs' files."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import torch

from ganvas.command.saved_embedding import saved_embedding
from ganvas.config.compose import compose_job
from ganvas.config.groups import user_folders
from ganvas.embedding import Embedding
from ganvas.embedding.interchange import WRITERS, read_latents, require_format
from ganvas.embedding.rows import ROWS_OF_1024, fit_latents
from ganvas.errors import InputError
from ganvas.generator.config import load_generator


@torch.no_grad()
def export(options: argparse.Namespace) -> int:
    """Write the w+ of `options.embedding` to `options.output`; return 0.

    Raises:
        InputError: The latent is in S space, or the file's kind is unknown.
    """
    user_folders(options.config_dir)
    output = Path(options.output)
    write = WRITERS[require_format(output)]
    embedding = saved_embedding(options.embedding)
    if embedding.space == "s":
        raise InputError(f"{options.embedding} is in S space, which has no w+")
    if embedding.space == "w+" and embedding.truncation == 1.0:
        rows = embedding.latent
    else:
        rows = embedding.rows(embedding.load_generator(options.trust))
    write(output, rows)
    count, dim = rows.shape[1:]
    owner = str(embedding.generator.get("_target_", "")).rpartition(".")[2].removesuffix("Config")
    print(f"{output}: w+ of {count} rows of {dim}, which fit {owner or 'its own generator'}"
          f"{'' if count == ROWS_OF_1024 else f', not the {ROWS_OF_1024} of StyleGAN2 at 1024²'}; "
          f"the format has no {' and no '.join(_left_out(embedding))}")  # fmt: skip
    return 0


def _left_out(embedding: Embedding) -> Iterator[str]:
    """Name what an embedding holds beside w+."""
    yield "noise maps"
    if embedding.resume is not None:
        yield f"activations, which were edited at {embedding.resume[0]}"
    if embedding.delta is not None:
        yield "weights, which were tuned"


@torch.no_grad()
def import_(options: argparse.Namespace) -> int:
    """Make an embedding of `options.file` and the generator's own noise maps; return 0.

    Raises:
        InputError: The file holds no w+, or that of a generator of another shape.
    """
    file = Path(options.file)
    latents = read_latents(file)
    folders = user_folders(options.config_dir)
    described = compose_job([f"generator={options.generator}"], folders).config["generator"]
    generator = load_generator(described)
    w, notice = fit_latents(latents, generator, file)
    names = (file.stem,) if len(w) == 1 else tuple(f"{file.stem}-{i}" for i in range(len(w)))
    output = Path(options.output)
    Embedding(
        latent=w,
        noise=tuple(generator.fixed_noise(len(w))),
        generator=described,
        generator_hash=generator.source_hash,
        names=names,
    ).save(output)
    print(output)
    if notice:
        print(f"note: {notice}")
    return 0
