"""What `ganvas tile` composes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from ganvas.errors import ConfigError
from ganvas.generator import GeneratorConfig
from ganvas.tile.latents import LatentSource
from ganvas.tile.recipe import MOST_TILES, SIDES
from ganvas.tile.tiff import Compression
from ganvas.tracking import Logger

Fraction = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[str, Field(pattern=r"^\w[\w.-]{0,199}$")]


@dataclass(frozen=True)
class TileSettings:
    """A picture of any size.

    Attributes:
        generator: The frozen generator (group).
        latents: Where the tiles have their latents from (group).
        logger: Where the record is sent besides the picture's folder (group).
        grid: Rows and columns of tiles, such as 8x12.
        layer: The layer at which tiles are joined: its name, or its resolution for the last one
            there.
        crop: Samples of a tile's activation that are used; null: half of them.
        middle: Where the middle of the crop lies, from left and from top, each from 0 to 1: of a
            face, [0.5, 0.1] is hair.
        overlap: Samples in which neighbours blend; null: a quarter of the crop.
        blend: Length of the ramp between neighbouring styles, as a fraction of the distance of two
            tiles: 1 interpolates from centre to centre.
        seed: Of latents and noise.
        side: Height and width of the squares that are drawn at once, in pixels: 256 to 4096. Memory
            follows it, whatever the size of the picture.
        compression: Of the picture: "none", "deflate", which is exact, too, or "jpeg" (quality 90),
            a tenth of the size and no longer equal to what `render` draws.
        device: "auto" (a GPU where there is one), "cpu", "cuda" or "cuda:N".
        threads: CPU threads; null: torch's choice.
        study: Name of the folder below `output`.
        output: Folder of all studies.

    Raises:
        ConfigError: A value is out of range.
    """

    generator: GeneratorConfig
    latents: LatentSource
    logger: Logger
    grid: int | str = "4x4"
    layer: int | str = 16
    crop: Annotated[int, Field(ge=2)] | None = None
    middle: tuple[Fraction, Fraction] = (0.5, 0.5)
    overlap: Annotated[int, Field(ge=0)] | None = None
    blend: Annotated[float, Field(gt=0, le=1)] = 1.0
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    side: int = 1024
    compression: Compression = "none"
    device: Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:\d+)?)$")] = "auto"
    threads: Annotated[int, Field(ge=1, le=4096)] | None = None
    study: Name = "tile"
    output: Path = Path("outputs")

    def __post_init__(self) -> None:
        rows, columns = self.shape
        if rows * columns > MOST_TILES:
            raise ConfigError(f"grid={self.grid}: at most {MOST_TILES:,} tiles")
        if self.side not in SIDES:
            raise ConfigError(f"side={self.side}: one of {', '.join(map(str, SIDES))}")

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of tiles."""
        match = re.fullmatch(r"([1-9]\d{0,6})x([1-9]\d{0,6})", str(self.grid))
        if match is None:
            raise ConfigError(f"grid={self.grid}: rows and columns of tiles, such as 8x12")
        return int(match[1]), int(match[2])
