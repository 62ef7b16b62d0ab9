"""Thumbnails of a bank of latents, drawn once and kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from ganvas.assets.cache import CHOOSE_ANOTHER, cache_folder, locked
from ganvas.system.files import storage_errors
from ganvas.tile.assignment import bank_w
from ganvas.tile.canvas import Canvas
from ganvas.tile.statistics import frozen, measured, needs_statistics
from ganvas.tile.window import Window

if TYPE_CHECKING:
    from torch import Tensor

    from ganvas.generator.base import Generator
    from ganvas.tile.geometry import Geometry


def thumbnails(
    generator: Generator, geometry: Geometry, seed: int, psi: float, count: int, scale: int,
    say: Callable[[str], None],
) -> Tensor:  # fmt: skip
    """Return what the tile of each of the first `count` members of the bank looks like.

    They are appended to one file of the cache folder, so that a larger bank, or a process that was
    killed, goes on where the file ends.

    Args:
        generator: What draws.
        geometry: Layer and crop.
        seed: Of the bank.
        psi: Truncation.
        count: How many.
        scale: Pixels of a thumbnail for each sample of the crop.
        say: Is told how far it is.

    Returns:
        (count, size, size, 3) in about [−1, 1].

    Raises:
        StorageError: The cache folder cannot be written.
    """
    size = geometry.crop * scale
    made_of = [generator.source_hash, geometry.layer, geometry.crop, geometry.top, geometry.left]
    made_of += [seed, psi, scale, *generator.settings]
    name = "tile-" + hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:16]
    file = cache_folder() / "banks" / f"{name}.float32"
    length = size * size * 3 * 4
    with locked(name), storage_errors(file, CHOOSE_ANOTHER):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        done = file.stat().st_size // length
        with file.open("r+b") as out:
            # A killed process may have left the beginning of one.
            out.truncate(done * length)
            out.seek(done * length)
            for number in range(done, count):
                drawn = _thumbnail(generator, geometry, seed, psi, number, size)
                out.write(drawn.numpy().tobytes())
                out.flush()
                if (number + 1) % 64 == 0 or number + 1 == count:
                    say(f"thumbnails of the bank: {number + 1} of {count}")
        content = bytearray(file.read_bytes()[: count * length])
    return torch.frombuffer(content, dtype=torch.float32).view(count, size, size, 3)


def _thumbnail(
    generator: Generator, geometry: Geometry, seed: int, psi: float, number: int, size: int
) -> Tensor:
    w = generator.truncate(generator.broadcast(bank_w(generator, seed, number, 1)), psi)
    rest = None
    if needs_statistics(generator):
        rest = frozen(generator, measured(generator, [w], generator.fixed_noise()))
    alone = replace(geometry, rows=1, columns=1)
    canvas = Canvas(generator, alone, lambda _: w, seed, rest)
    image = canvas.draw(Window(0, canvas.height, 0, canvas.width))
    return F.adaptive_avg_pool2d(image, size)[0].permute(1, 2, 0).contiguous().cpu()
