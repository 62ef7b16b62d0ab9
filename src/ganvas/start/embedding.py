"""Start from an earlier run's embedding."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ganvas.embedding import Embedding, require_fit
from ganvas.errors import InputError, about
from ganvas.start.base import Start

if TYPE_CHECKING:
    from torch import Tensor

    from ganvas.generator.base import Generator


@dataclass(frozen=True)
class FromFile(Start):
    """The latent, noise and edited activations that an earlier run saved.

    Images are found by name; a file with one image serves all, a file with as many images serves
    them in order.

    Attributes:
        path: An embedding.safetensors, of the same generator.
        y: Another one for the image y; null: the same.
        z: Another one for the image z; null: the same.
    """

    path: Path
    y: Path | None = None
    z: Path | None = None

    def __post_init__(self) -> None:
        for key, path in (("path", self.path), ("y", self.y), ("z", self.z)):
            if path is not None and path.is_dir():
                raise InputError(f"{key}={path} is a folder; name the embedding.safetensors in it")

    def of(self, image: str) -> FromFile:
        """Return the start of the image called x, y or z."""
        return replace(self, path={"y": self.y, "z": self.z}.get(image) or self.path)

    def begin(
        self,
        generator: Generator,
        names: tuple[str, ...],
        seed: int,
        photographs: Tensor | None = None,
    ) -> Embedding:
        """Read the file.

        Raises:
            InputError: It is no embedding, of another generator, or of other images.
        """
        embedding = Embedding.load(self.path)
        if embedding.generator_hash and embedding.generator_hash != generator.source_hash:
            raise InputError(f"{self.path} belongs to another generator than {generator.name}")
        with about(str(self.path), InputError):
            require_fit(embedding, generator)
        if set(names) <= set(embedding.names):
            order = [embedding.names.index(name) for name in names]
        elif len(embedding) in (1, len(names)):
            order = [0] * len(names) if len(embedding) == 1 else list(range(len(names)))
        else:
            raise InputError(
                f"start.path: {self.path} holds {len(embedding)} images "
                f"({', '.join(embedding.names[:5])}), but {len(names)} are to start from it"
            )
        return replace(embedding.take(order), names=names)
