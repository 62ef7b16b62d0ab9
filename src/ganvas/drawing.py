"""Drawing an embedding with the generator that it names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch

from ganvas.errors import CheckpointError, InputError
from ganvas.functional.images import to_uint8
from ganvas.generator import Generator, GeneratorConfig
from ganvas.image.picture import to_picture
from ganvas.schema import build, check

if TYPE_CHECKING:
    from PIL import Image

    from ganvas.embedding import Embedding


def draw(embedding: Embedding, device: torch.device | str = "cpu") -> list[Image.Image]:
    """Draw the images of an embedding as 8-bit pictures.

    Raises:
        InputError: The embedding does not say which generator it belongs to.
        CheckpointError: The generator's weights are not those that the embedding was made with.
    """
    generator = generator_of(embedding).to(device)
    return [to_picture(p) for p in to_uint8(embedding.to(device).render(generator))]


def load_generator(described: Mapping[str, Any]) -> Generator:
    """Load the frozen generator that a configuration describes.

    Raises:
        ConfigError: It describes none.
        GanvasError: Its weights cannot be had.
    """
    config: GeneratorConfig = build(check(dict(described), GeneratorConfig, "generator"))
    return config.load().eval().requires_grad_(False)


def generator_of(embedding: Embedding) -> Generator:
    """Load the generator that an embedding was made with.

    Raises:
        InputError: The embedding does not say which.
        CheckpointError: The generator's weights are not those that the embedding was made with.
    """
    if not embedding.generator:
        raise InputError("the embedding does not say which generator it belongs to")
    generator = load_generator(embedding.generator)
    if generator.source_hash != embedding.generator_hash:
        raise CheckpointError(
            f"the embedding belongs to {generator.name} with weights "
            f"{embedding.generator_hash[:12]}…, but these are {generator.source_hash[:12]}…"
        )
    return generator
