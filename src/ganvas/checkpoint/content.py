"""A checkpoint that was recognised: family, architecture, and tensors under our names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from ganvas.checkpoint.stored import Stored
from ganvas.generator.architecture import (
    Architecture,
    MobileStyleGANArchitecture,
    StyleGAN1Architecture,
    StyleGAN2Architecture,
    StyleGAN3Architecture,
)

FAMILIES: dict[type[Architecture], str] = {
    StyleGAN1Architecture: "stylegan1",
    StyleGAN2Architecture: "stylegan2",
    StyleGAN3Architecture: "stylegan3",
    MobileStyleGANArchitecture: "mobilestylegan",
}


@dataclass(frozen=True, slots=True)
class Changed:
    """An array of a file under another shape or scale; the change is made when it is loaded."""

    source: Stored
    change: Callable[[Tensor], Tensor]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape after the change."""
        return tuple(self.change(torch.empty(self.source.shape, device="meta")).shape)

    def load(self) -> Tensor:
        """Copy the numbers out of the file and change them."""
        return self.change(self.source.load()).contiguous()


@dataclass(frozen=True)
class Checkpoint:
    """A generator's file, recognised but not yet loaded.

    Attributes:
        layout: Who wrote files like this one.
        architecture: Shapes and arithmetic; its type is the family.
        tensors: The arrays, under the names of our own files.
        lost: What the layout cannot say and how it is made up for, one sentence each.
        source_hash: SHA-256 of the file, hexadecimal.
    """

    OPTIONAL: ClassVar[tuple[str, ...]] = ("w_avg", "noise_const")

    layout: str
    architecture: Architecture
    tensors: dict[str, Stored]
    lost: tuple[str, ...] = ()
    source_hash: str = field(default="", compare=False)

    @property
    def family(self) -> str:
        """The family's name, as in ``generator=``."""
        return FAMILIES[type(self.architecture)]
