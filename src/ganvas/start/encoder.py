"""Start from what an encoder makes of the photograph."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from ganvas.embedding import Embedding
from ganvas.encoder.file import load_encoder
from ganvas.errors import InputError
from ganvas.start.base import Start, started

if TYPE_CHECKING:
    from torch import Tensor

    from ganvas.generator.base import Generator


@dataclass(frozen=True)
class FromEncoder(Start):
    """w = E(x) of every photograph, and n ~ N(0, 1) from the seed.

    Attributes:
        path: The encoder's file, of the same generator, as `ganvas train encoder` writes it;
            "ganvas:NAME" is one that comes with the program.
        space: Latent space to optimise in: one w for all rows (w), or one per row (w+).
    """

    sees_photographs: ClassVar[bool] = True

    path: Path
    space: Literal["w", "w+"] = "w+"

    def begin(
        self,
        generator: Generator,
        names: tuple[str, ...],
        seed: int,
        photographs: Tensor | None = None,
    ) -> Embedding:
        """Encode the photographs.

        Raises:
            InputError: The file is no encoder, or of another generator.
            AssetError: A network that the encoder sees with cannot be had.
        """
        if photographs is None:
            raise InputError("an encoder starts from photographs, and there are none")
        encoder = load_encoder(self.path).to(generator.w_avg.device)
        encoder.require_generator(generator, self.path)
        latent = encoder(photographs)
        if self.space == "w+":
            latent = generator.broadcast(latent)
        return started(generator, names, latent, self.space, seed)
