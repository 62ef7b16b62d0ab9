"""Rewriting a checkpoint: to safetensors, and to the two code bases of StyleGAN2."""

from __future__ import annotations

import glob
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ganvas.checkpoint import ada, generator_file, rosinality
from ganvas.checkpoint.content import Checkpoint
from ganvas.checkpoint.open import open_checkpoint
from ganvas.errors import CheckpointError
from ganvas.generator.architecture import StyleGAN2Architecture
from ganvas.system.files import remove_abandoned, write_bytes

Target = Literal["safetensors", "nvidia", "rosinality"]


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a conversion did.

    Attributes:
        source: The checkpoint that was read.
        target: The layout that was written.
        estimated: The arrays that the source lacked and that were made up for.
        lost: What the target cannot say, one sentence each.
    """

    source: Checkpoint
    target: Target
    estimated: tuple[str, ...]
    lost: tuple[str, ...]


def convert(source: Path, destination: Path, target: Target | None = None) -> Conversion:
    """Write a generator's file in another layout; every number that both layouts hold is kept.

    Args:
        source: Any file that `open_checkpoint` reads.
        destination: Where to; without `target` it has to end in ``.safetensors``.
        target: ``nvidia`` writes a state dict with the keys of NVIDIA's PyTorch code,
            ``rosinality`` the file that rosinality's code loads.

    Raises:
        CheckpointError: The source cannot be read, or the target has no such generator.
        StorageError: The destination cannot be written.
    """
    from ganvas.checkpoint.build import build, missing, weights
    from ganvas.generator.skeleton import skeleton

    if target is None:
        if destination.suffix != ".safetensors":
            raise CheckpointError(
                f"{destination}: end the name in .safetensors, or give --to nvidia or rosinality"
            )
        target = "safetensors"
    if destination.exists() and destination.samefile(source):
        raise CheckpointError(f"{destination}: source and destination are the same file")
    remove_abandoned(destination.parent, glob.escape(destination.name))
    checkpoint = open_checkpoint(source)
    absent = missing(checkpoint, skeleton(checkpoint.architecture))
    tensors = weights(checkpoint)
    lost: tuple[str, ...] = ()
    if target == "safetensors":
        generator_file.write(destination, checkpoint.architecture, tensors, checkpoint.source_hash)
        return Conversion(checkpoint, target, (), lost)
    architecture = checkpoint.architecture
    if not isinstance(architecture, StyleGAN2Architecture):
        raise CheckpointError(
            f"{source}: only StyleGAN2 has the two code bases; write .safetensors instead"
        )
    if architecture.clamp is not None or architecture.half:
        lost = ("the clamp and the half-precision setting, which a state dict cannot hold",)
    if absent:  # both code bases want them, so they are estimated here
        state = build(checkpoint).state_dict()
        tensors |= {key: state[key] for key in absent}
    content = (
        ada.write(architecture, tensors)
        if target == "nvidia"
        else rosinality.write(architecture, tensors)
    )
    import torch

    # Bytes first: torch writes a file's name into it, and a temporary one is never the same.
    buffer = io.BytesIO()
    torch.save(content, buffer)
    write_bytes(destination, buffer.getbuffer())
    return Conversion(checkpoint, target, absent, lost)
