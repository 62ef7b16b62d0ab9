"""A dissection that nothing was counted for, so that tests can paint on any generator."""

from __future__ import annotations

from pathlib import Path

import torch

from ganvas.dissect import Dissection, Units
from ganvas.generator.base import Generator


def invented(generator: Generator, edit: str, file: Path, resolution: int = 8) -> list[str]:
    """Save a dissection in which two units of a layer draw hair, and return what paints with it.

    Args:
        generator: A small one.
        edit: paint or paint_seam.
        file: Where to.
        resolution: Of the layer.
    """
    layer = generator.layers[generator.layer_index(generator.find_layer(resolution))]
    score = torch.linspace(1, 0, layer.channels)[None]
    on = torch.ones(1, layer.channels)
    units = Units(
        *[score.clone() for _ in range(4)], on, -torch.ones(layer.channels), on * 0, on * 0
    )
    widths = tuple(
        style.shape[1] for style in generator.styles(generator.broadcast(generator.w_avg[None]))
    )
    none = torch.zeros(1, sum(widths))
    Dissection(
        ("hair",), {layer.name: units}, generator.source_hash, 1, torch.ones(1), torch.ones(1),
        none, none[0].clone(), none[0].clone(), none.clone(), widths,
    ).save(file)  # fmt: skip
    stage = "edit.stages.paint"
    brush = f"{{concept: hair, action: add, layer: {resolution}, units: 2, region: m}}"
    words = [f"{stage}.dissection={file}", f"{stage}.strokes.brush={brush}", f"{stage}.restore=16"]
    return [*words, "edit.stages.seam.layers.noise.low=32"] if edit == "paint_seam" else words
