"""Looking at a checkpoint without building its network."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from ganvas.checkpoint.content import Checkpoint
from ganvas.checkpoint.open import open_checkpoint
from ganvas.generator.architecture import Architecture, StyleGAN3Architecture


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a generator's file says about itself.

    Attributes:
        layout: Who wrote files like this one.
        family: The option of ``generator=`` that loads it.
        architecture: Shapes and arithmetic.
        resolution: Height and width of the image in pixels.
        rows: Number of style rows.
        noise: Height and width of each noise map.
        parameters: Numbers in the generator.
        size: Bytes of the file.
        missing: Arrays that the file lacks and that are estimated when it is loaded.
        lost: What the layout cannot say.
        sha256: Of the file, hexadecimal.
    """

    layout: str
    family: str
    architecture: Architecture
    resolution: int
    rows: int
    noise: tuple[int, ...]
    parameters: int
    size: int
    missing: tuple[str, ...]
    lost: tuple[str, ...]
    sha256: str


def inspect(path: Path) -> Inspection:
    """Return what a generator's file holds; its weights are not read.

    Raises:
        CheckpointError: The file cannot be read, or holds no generator that is supported.
    """
    from ganvas.checkpoint.build import missing
    from ganvas.generator.skeleton import skeleton

    checkpoint: Checkpoint = open_checkpoint(path)
    outline = skeleton(checkpoint.architecture)
    return Inspection(
        layout=checkpoint.layout,
        family=checkpoint.family,
        architecture=checkpoint.architecture,
        resolution=outline.resolution,
        rows=outline.rows,
        noise=outline.noise_resolutions,
        parameters=sum(math.prod(stored.shape) for stored in checkpoint.tensors.values()),
        size=path.stat().st_size,
        missing=missing(checkpoint, outline),
        lost=checkpoint.lost,
        sha256=checkpoint.source_hash,
    )


def lines(inspection: Inspection) -> Iterator[str]:
    """Yield the lines that ``ganvas inspect`` prints."""
    i = inspection
    yield f"layout       {i.layout}"
    yield f"family       generator={i.family}"
    yield f"image        {i.resolution} × {i.resolution}"
    yield f"style rows   {i.rows}"
    noise = ", ".join(map(str, i.noise)) or "none"
    yield f"noise maps   {noise}"
    yield f"size         {i.parameters:,} numbers, {i.size / 2**20:.1f} MiB"
    if isinstance(i.architecture, StyleGAN3Architecture):
        yield f"filters      {'R, radial' if i.architecture.radial else 'T, separable'}"
    for name, value in asdict(i.architecture).items():
        shown = ", ".join(map(str, value)) if isinstance(value, tuple) else value
        yield f"  {name:<15}{shown}"
    if i.missing:
        yield f"missing      {', '.join(i.missing)} (estimated when loaded)"
    for sentence in i.lost:
        yield f"note         {sentence}"
    yield f"SHA-256      {i.sha256}"
