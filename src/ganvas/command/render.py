"""`ganvas render`: draw a saved embedding."""

from __future__ import annotations

import argparse
from pathlib import Path

from ganvas.embedding import Embedding
from ganvas.errors import CheckpointError, InputError
from ganvas.functional.images import to_uint8
from ganvas.generator import Generator, GeneratorConfig
from ganvas.image.picture import require_kind, save_picture, to_picture
from ganvas.runner.settings import Trainer
from ganvas.schema import build, check


def render(options: argparse.Namespace) -> int:
    """Draw `options.embedding` into `options.output`; return 0."""
    embedding = Embedding.load(options.embedding)
    trainer: Trainer = build(check({"device": options.device}, Trainer, "--device"))
    device = trainer.torch_device()
    output = Path(options.output)
    require_kind(output)
    generator = generator_of(embedding).to(device)
    pictures = to_uint8(embedding.to(device).render(generator))
    for name, picture in zip(embedding.names, pictures, strict=True):
        several = len(embedding) > 1
        file = output.with_stem(f"{output.stem}-{name}") if several else output
        save_picture(to_picture(picture), file)
        print(file)
    return 0


def generator_of(embedding: Embedding) -> Generator:
    """Load the generator that an embedding was made with.

    Raises:
        InputError: The embedding does not say which.
        CheckpointError: The generator's weights are not those that the embedding was made with.
    """
    if not embedding.generator:
        raise InputError("the embedding does not say which generator it belongs to")
    config: GeneratorConfig = build(check(embedding.generator, GeneratorConfig, "generator"))
    generator = config.load().eval().requires_grad_(False)
    if generator.source_hash != embedding.generator_hash:
        raise CheckpointError(
            f"the embedding belongs to {generator.name} with weights "
            f"{embedding.generator_hash[:12]}…, but these are {generator.source_hash[:12]}…"
        )
    return generator
