"""Latents of photographs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ganvas.embedding import Embedding
from ganvas.embedding.embedding import require_fit
from ganvas.errors import InputError
from ganvas.tile.assignment import Assignment
from ganvas.tile.latents.base import LatentSource, Say, rng_of

if TYPE_CHECKING:
    from torch import Tensor

    from ganvas.generator.base import Generator
    from ganvas.tile.geometry import Geometry


@dataclass(frozen=True)
class Saved(LatentSource):
    """The images of an embedding; their noise maps are left aside, for noise has its address.

    Attributes:
        path: An embedding.safetensors.
        order: "turn" lays the images row by row, again and again; "random" draws one for each tile.
    """

    path: Path
    order: Literal["turn", "random"] = "turn"

    def assign(self, generator: Generator, geometry: Geometry, seed: int, say: Say) -> Assignment:
        """Number the tiles by the images.

        Raises:
            InputError: The embedding is of another generator, or is none.
        """
        import torch

        table = saved_rows(self.path, generator)
        tiles = geometry.rows * geometry.columns
        chosen = torch.arange(tiles) % len(table)
        if self.order == "random":
            chosen = torch.randint(len(table), (tiles,), generator=rng_of(seed))
        ids = (-1 - chosen).view(geometry.rows, -1, 1)
        return Assignment(ids, torch.ones(ids.shape), table, 1.0)


def saved_rows(path: Path, generator: Generator) -> Tensor:
    """Return w+ (B, rows, w_dim), on the CPU, of the images of an embedding.

    Raises:
        InputError: It is none, is in S space or tuned, or belongs to another generator.
    """
    import torch

    embedding = Embedding.load(path)
    if embedding.generator_hash != generator.source_hash:
        raise InputError(f"{path} belongs to other weights than those of {generator.name}")
    require_fit(embedding, generator)
    if embedding.space == "s" or embedding.delta is not None:
        raise InputError(f"{path} holds styles or a tuned generator, of which a tile has no w+")
    with torch.no_grad():
        return embedding.to(generator.w_avg.device).rows(generator).cpu()
