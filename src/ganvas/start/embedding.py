"""Start from an earlier run's embedding."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch

from ganvas.embedding import Embedding
from ganvas.errors import InputError
from ganvas.generator.base import Generator
from ganvas.start.base import Start


@dataclass(frozen=True)
class FromFile(Start):
    """The latent and noise that an earlier run saved.

    Images are found by name; a file with one image serves all, a file with as many images serves
    them in order.

    Attributes:
        path: An embedding.safetensors, of the same generator.
    """

    path: Path

    def begin(self, generator: Generator, names: tuple[str, ...], seed: int) -> Embedding:
        """Read the file.

        Raises:
            InputError: It is no embedding, of another generator, or of other images.
        """
        found = Embedding.load(self.path)
        if found.generator_hash and found.generator_hash != generator.source_hash:
            raise InputError(f"{self.path} belongs to another generator than {generator.name}")
        if set(names) <= set(found.names):
            order = [found.names.index(name) for name in names]
        elif len(found) in (1, len(names)):
            order = [0] * len(names) if len(found) == 1 else list(range(len(names)))
        else:
            raise InputError(
                f"{self.path} holds {len(found)} images ({', '.join(found.names[:5])}), "
                f"but {len(names)} are to start from it"
            )
        parts = [found[slice(i, i + 1)] for i in order]
        noise = tuple(torch.cat(maps) for maps in zip(*(p.noise for p in parts), strict=True))
        latent = torch.cat([part.latent for part in parts])
        return replace(found, latent=latent, noise=noise, names=names, resume=None)
