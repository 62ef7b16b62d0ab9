"""The recipe of a picture: some kilobytes from which any part of it is drawn again.

A file may come from a stranger: nothing in it is imported or fetched unless it is trusted, and what
`save` could not have written is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganvas.config.trust import refuse_foreign, renewed
from ganvas.errors import CheckpointError, ConfigError, InputError
from ganvas.generator.config import load_generator
from ganvas.tile.assignment import MEMBERS, Assignment
from ganvas.tile.geometry import Geometry, geometry
from ganvas.tile.overlay import Overlay, mask_side, within
from ganvas.version import __version__

if TYPE_CHECKING:
    from torch import Tensor

    from ganvas.generator.base import Generator
    from ganvas.tile.canvas import Canvas

FORMAT = "ganvas-tile-1"
TENSORS = ("ids", "weights", "table")
MOST_TILES = 1_000_000
SIDES = tuple(256 << k for k in range(5))
"""Sides of a square that is drawn at once, in pixels."""


@dataclass(frozen=True)
class Recipe:
    """All that a picture is made of.

    Attributes:
        geometry: The grid and the joint.
        assignment: Which latents each tile has.
        seed: Of the bank and the noise.
        side: Of the squares that are drawn at once, in pixels. The last bit of a convolution
            depends on the size of what it is run on, so the same squares give the same bits.
        threads: CPU threads that it was drawn with, for the same reason.
        generator: The generator's configuration.
        generator_hash: Of its weights.
        statistics: Frozen mean and deviation of each layer, for StyleGAN1.
        overlays: Parts of tiles with another latent, later ones on top.
    """

    geometry: Geometry
    assignment: Assignment
    seed: int
    side: int
    threads: int
    generator: Mapping[str, Any]
    generator_hash: str
    statistics: tuple[tuple[Tensor, Tensor], ...] = ()
    overlays: tuple[Overlay, ...] = ()

    def rows(self, generator: Generator, tile: tuple[int, int]) -> Tensor:
        """Return w+ (1, rows, w_dim) of a tile."""
        return self.assignment.rows(generator, self.seed, tile)

    def canvas(self, generator: Generator) -> Canvas:
        """Return the canvas that `generator` draws."""
        from ganvas.tile.canvas import Canvas
        from ganvas.tile.statistics import frozen

        device = generator.w_avg.device
        moved = [(mean.to(device), deviation.to(device)) for mean, deviation in self.statistics]
        rest = frozen(generator, moved) if moved else generator
        overlays = [
            (one, self.assignment.mixed(generator, self.seed, one.ids, one.weights))
            for one in self.overlays
        ]
        return Canvas(
            generator, self.geometry, lambda tile: self.rows(generator, tile), self.seed, rest,
            overlays,
        )  # fmt: skip

    def with_tile(
        self,
        tile: tuple[int, int],
        source: int | tuple[int, int] | Tensor,
        mask: Tensor | None = None,
    ) -> Recipe:
        """Return the recipe with another latent of one tile; the statistics stay.

        All of a tile replaces what earlier masks have put over it. Another tile comes with what
        masks have put over that.

        Args:
            tile: Row and column.
            source: A member of the bank, another tile, or w+ (rows, w_dim).
            mask: Where in the tile, as `overlay.read_mask` returns it; None: all of it.
        """
        import torch

        a = self.assignment
        table = a.table
        copied: tuple[Overlay, ...] = ()
        if isinstance(source, tuple):
            ids, weights = a.ids[source].clone(), a.weights[source].clone()
            copied = tuple(replace(one, tile=tile) for one in self.overlays if one.tile == source)
        else:
            if not isinstance(source, int):
                table = torch.cat([table, source[None]])
                source = -len(table)
            ids, weights = torch.zeros_like(a.ids[tile]), torch.zeros_like(a.weights[tile])
            ids[0], weights[0] = source, 1.0
        if mask is not None:
            overlays = (*self.overlays, *within(mask, Overlay(tile, ids, weights, mask), copied))
            return replace(self, assignment=replace(a, table=table), overlays=overlays)
        every, counts = a.ids.clone(), a.weights.clone()
        every[tile], counts[tile] = ids, weights
        assignment = replace(a, ids=every, weights=counts, table=table)
        overlays = tuple(one for one in self.overlays if one.tile != tile)
        return replace(self, assignment=assignment, overlays=(*overlays, *copied))

    def load_generator(self, trust: bool = False) -> Generator:
        """Load the generator that draws it.

        Raises:
            ConfigError: It names code outside of ganvas or an address, and is not trusted.
            CheckpointError: The weights are not those that it was drawn with.
            InputError: The recipe does not fit the generator.
        """
        if not trust:
            refuse_foreign(dict(self.generator), "generator")
        generator = load_generator(self.generator)
        if generator.source_hash != self.generator_hash:
            raise CheckpointError(
                f"the recipe belongs to {generator.name} with weights "
                f"{self.generator_hash[:12]}…, but these are {generator.source_hash[:12]}…"
            )
        g = self.geometry
        try:
            grid = g.rows, g.columns
            geometry(generator, g.layer, grid, g.crop, overlap=g.overlap, blend=g.blend)
        except ConfigError as error:
            raise InputError(f"the recipe does not fit {generator.name}: {error}") from error
        side = generator.layers[generator.layer_index(g.layer)].resolution
        if max(g.top, g.left) + g.crop > side or g.top % 2 or g.left % 2:
            raise InputError(f"the recipe's crop lies outside of {g.layer}")
        if self.assignment.table.shape[1:] != (generator.rows, generator.w_dim):
            raise InputError(f"the recipe's latents do not fit {generator.name}")
        if self.statistics and len(self.statistics) != len(generator.layers):
            raise InputError(f"the recipe's statistics do not fit {generator.name}")
        return generator

    def save(self, path: Path) -> None:
        """Write one safetensors file, whole or not at all; equal recipes give equal bytes.

        Raises:
            StorageError: The file cannot be written.
        """
        from ganvas.system.tensors import write_tensors

        tensors = {name: getattr(self.assignment, name) for name in TENSORS}
        for index, (mean, deviation) in enumerate(self.statistics):
            tensors |= {f"mean.{index}": mean, f"deviation.{index}": deviation}
        if self.overlays:
            tensors |= _stacked(self.overlays)
        metadata = {
            "format": FORMAT,
            "ganvas": __version__,
            "geometry": json.dumps(asdict(self.geometry)),
            "psi": repr(self.assignment.psi),
            "seed": str(self.seed),
            "side": str(self.side),
            "threads": str(self.threads),
            "generator": json.dumps(self.generator),
            "generator_hash": self.generator_hash,
        }
        write_tensors(path, tensors, metadata)

    @classmethod
    def load(cls, path: Path) -> Recipe:
        """Read what `save` wrote.

        Raises:
            InputError: It is missing, broken, or no recipe.
        """
        from ganvas.system.tensors import read_as

        return read_as("recipe", path, (FORMAT,), partial(_restored, cls))


def _stacked(overlays: tuple[Overlay, ...]) -> dict[str, Tensor]:
    import torch

    return {
        "overlay.tiles": torch.tensor([one.tile for one in overlays]),
        "overlay.ids": torch.stack([one.ids for one in overlays]),
        "overlay.weights": torch.stack([one.weights for one in overlays]),
        "overlay.masks": torch.stack([one.mask for one in overlays]),
    }


def _overlays(
    tensors: Mapping[str, Tensor], shape: Geometry, assignment: Assignment
) -> tuple[Overlay, ...]:
    """Return the overlays of a file.

    Raises:
        KeyError: A part of them is missing.
        ValueError: They do not fit the grid.
    """
    import torch

    if "overlay.tiles" not in tensors:
        return ()
    tiles, ids, weights, masks = (
        tensors[f"overlay.{name}"] for name in ("tiles", "ids", "weights", "masks")
    )
    count, members, side = len(tiles), assignment.ids.shape[2], mask_side(shape)
    fits = tiles.dtype == ids.dtype == torch.int64 and masks.dtype == torch.uint8
    fits = fits and tiles.shape == (count, 2) and ids.shape == weights.shape == (count, members)
    if not fits or masks.shape != (count, side, side):
        raise ValueError("its overlays do not belong to its grid")
    if not weights.is_floating_point() or not weights.isfinite().all():
        raise ValueError("it holds numbers that are not finite")
    low, high = -len(assignment.table), MEMBERS
    if ids.numel() and (ids.min() < low or ids.max() >= high):
        raise ValueError("its overlays name latents that it does not have")
    if (tiles < 0).any() or (tiles >= torch.tensor([shape.rows, shape.columns])).any():
        raise ValueError("its overlays lie outside of its grid")
    places = [(int(row), int(column)) for row, column in tiles.tolist()]
    return tuple(map(Overlay, places, ids, weights, masks))


def _restored(
    cls: type[Recipe], tensors: Mapping[str, Tensor], metadata: Mapping[str, str]
) -> Recipe:
    import torch

    grid = json.loads(metadata["geometry"])
    if not isinstance(grid, dict) or set(grid) != {f.name for f in fields(Geometry)}:
        raise ValueError("its geometry is incomplete")
    counts = [grid[name] for name in ("rows", "columns", "crop", "overlap", "top", "left")]
    if not all(isinstance(n, int) and 0 <= n <= MOST_TILES for n in counts) or 0 in counts[:3]:
        raise ValueError("its grid is out of range")
    if not isinstance(grid["blend"], float) or not 0 < grid["blend"] <= 1:
        raise ValueError("its blend is out of range")
    shape = Geometry(**grid)
    ids, weights, table = (tensors[name] for name in TENSORS)
    assignment = Assignment(ids, weights, table, float(metadata["psi"]))
    if not 0 <= assignment.psi <= 1:
        raise ValueError("its psi is out of range")
    if ids.dtype != torch.int64 or ids.ndim != 3 or ids.shape[:2] != (shape.rows, shape.columns):
        raise ValueError("its ids are no grid of that size")
    if weights.shape != ids.shape or table.ndim != 3:
        raise ValueError("its weights do not belong to its ids")
    if any(not t.is_floating_point() or not t.isfinite().all() for t in (weights, table)):
        raise ValueError("it holds numbers that are not finite")
    if ids.numel() and (ids.min() < -len(table) or ids.max() >= MEMBERS):
        raise ValueError("its ids name latents that it does not have")
    statistics = tuple(
        (tensors[f"mean.{k}"], tensors[f"deviation.{k}"])
        for k in range(sum(name.startswith("mean.") for name in tensors))
    )
    seed, side, threads = (int(metadata[name]) for name in ("seed", "side", "threads"))
    if not 0 <= seed < 2**63 or side not in SIDES or not 1 <= threads <= 4096:
        raise ValueError("its seed, side or threads are out of range")
    described = json.loads(metadata["generator"])
    if not isinstance(described, dict):
        raise ValueError("it does not say which generator it belongs to")
    return cls(
        shape, assignment, seed, side, threads, renewed(described), metadata["generator_hash"],
        statistics, _overlays(tensors, shape, assignment),
    )  # fmt: skip
