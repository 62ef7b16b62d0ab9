"""The network that is trained: a pyramid over feature maps, and a head for each group of rows.

Sources: the heads are the "map2style" blocks of Richardson et al. 2021, *Encoding in Style*; a w
for all rows and a difference for each is Tov et al. 2021, *Designing an Encoder for StyleGAN Image
Manipulation*; that it sees the picture and the present render is Alaluf et al. 2021, *ReStyle*.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, NamedTuple

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from ganvas.encoder.maps import Maps, Seen, Shape
from ganvas.encoder.widths import GROUPS, Widths
from ganvas.errors import ConfigError

BOTTOM = 4
"""Maps are halved until they are at most so high."""
NARROW = 64
"""Channels of a head's map before it is laid out as a vector."""


class Update(NamedTuple):
    """What the network adds to a latent, in whitened coordinates.

    Attributes:
        common: (B, D), for all rows.
        rows: (B, R, D), for each row that has an effect.
        log_variance: (B, D), of a variational network; else None.
    """

    common: Tensor
    rows: Tensor
    log_variance: Tensor | None


class Pyramid(nn.Module):
    """Joins maps from fine to coarse: (B, width, s, s) with s of at most 4.

    Args:
        shapes: The maps' shapes.
        first: Channels at the finest map; doubled with each halving.
        width: Most channels.
    """

    def __init__(self, shapes: list[Shape], first: int, width: int) -> None:
        super().__init__()
        self.sides = [max(shape.side for shape in shapes)]
        lowest = min(BOTTOM, *(shape.side for shape in shapes))
        while self.sides[-1] > lowest and self.sides[-1] % 2 == 0:
            self.sides.append(self.sides[-1] // 2)
        channels = [min(width, first << level) for level in range(len(self.sides))]
        self.level = [self.sides.index(shape.side) for shape in shapes]
        self.entries = nn.ModuleList(
            nn.Conv2d(2 * shape.channels, channels[level], 1)
            for shape, level in zip(shapes, self.level, strict=True)
        )
        self.blocks = nn.ModuleList(Block(*pair) for pair in pairwise(channels))
        self.channels = channels[-1]

    def forward(self, maps: list[Tensor]) -> Tensor:
        """Return the coarsest features for maps (B, 2C, r, r), in the order of the shapes."""
        x: Tensor | None = None
        for level in range(len(self.sides)):
            if level:
                x = self.blocks[level - 1](x)
            for entry, at, value in zip(self.entries, self.level, maps, strict=True):
                if at == level:
                    joined = entry(value)
                    x = joined if x is None else x + joined
        assert x is not None
        return x


class Block(nn.Module):
    """Half the size: a residual block with normalisation first. He et al. 2016, ECCV."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(GROUPS, inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1)
        self.norm2 = nn.GroupNorm(GROUPS, outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.skip = nn.Conv2d(inputs, outputs, 1, bias=False) if inputs != outputs else None

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, outputs, ⌈h / 2⌉, ⌈w / 2⌉)."""
        straight = F.avg_pool2d(x, 2)
        if self.skip is not None:
            straight = self.skip(straight)
        y = self.conv1(F.silu(self.norm1(x)))
        y = self.conv2(F.silu(self.norm2(y)))
        return straight + y  # type: ignore[no-any-return]


class Head(nn.Module):
    """The coarsest features and the vector, as a vector for one group of rows."""

    def __init__(self, channels: int, side: int, vector: int, hidden: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(GROUPS, channels)
        self.narrow = nn.Conv2d(channels, NARROW, 1)
        self.dense = nn.Linear(NARROW * side**2 + vector, hidden)

    def forward(self, features: Tensor, vector: Tensor) -> Tensor:
        """Return (B, hidden)."""
        x = F.silu(self.narrow(F.silu(self.norm(features)))).flatten(1)
        return F.silu(self.dense(torch.cat([x, vector], 1)))


@dataclass(frozen=True)
class Outputs:
    """What a network of one generator has to give.

    Attributes:
        w_dim: D, the length of a row.
        groups: For each row that has an effect, the index of its head.
        variational: Whether it says how certain it is.

    Raises:
        ConfigError: There are more heads than rows.
    """

    w_dim: Annotated[int, Field(ge=1, le=65536)]
    groups: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1, max_length=64)]
    variational: bool

    def __post_init__(self) -> None:
        if max(self.groups) >= len(self.groups):
            raise ConfigError(f"outputs.groups: {max(self.groups)} for {len(self.groups)} rows")


class Network(nn.Module):
    """From what is seen of a picture and of the present render to an `Update` of the latent.

    Its last layers begin at zero. To their update of the common part a linear one is added, of the
    differences between picture and render, averaged over squares; it is not trained with the rest.

    Attributes:
        linear: (F, D), its matrix; None: there is none.
    """

    linear: Tensor | None

    def __init__(self, maps: Maps, widths: Widths, outputs: Outputs) -> None:
        super().__init__()
        self.outputs = outputs
        self.grids = widths.linear
        shapes = maps.shapes()
        if self.grids and len(self.grids) != len(shapes):
            raise ConfigError(
                f"widths.linear={list(self.grids)}: one grid for each of the {len(shapes)} maps"
            )
        pairs = zip(shapes, self.grids, strict=False)
        length = sum(shape.channels * grid**2 for shape, grid in pairs) + maps.vector()
        matrix = torch.zeros(length, outputs.w_dim) if self.grids else None
        self.register_buffer("linear", matrix)
        self.pyramid = Pyramid(shapes, widths.first, widths.width)
        heads, side = max(outputs.groups) + 1, self.pyramid.sides[-1]
        self.heads = nn.ModuleList(
            Head(self.pyramid.channels, side, 2 * maps.vector(), widths.hidden)
            for _ in range(heads)
        )
        self.common = _zero(nn.Linear(heads * widths.hidden, outputs.w_dim))
        self.rows = nn.ModuleList(
            _zero(nn.Linear(widths.hidden, outputs.w_dim)) for _ in outputs.groups
        )
        self.log_variance = (
            _zero(nn.Linear(heads * widths.hidden, outputs.w_dim)) if outputs.variational else None
        )

    def pooled(self, seen: Seen) -> Tensor:
        """Return what the linear part sees, maps averaged over its grids and the vector: (B, F)."""
        pairs = zip(seen.maps, self.grids, strict=True)
        parts = [F.adaptive_avg_pool2d(m, grid).flatten(1) for m, grid in pairs if grid]
        return torch.cat([*parts, seen.vector], 1)

    def forward(self, picture: Seen, render: Seen) -> Update:
        """Return the update for what is seen of pictures and of their present renders."""
        maps = [torch.cat(pair, 1) for pair in zip(picture.maps, render.maps, strict=True)]
        features = self.pyramid(maps)
        vector = torch.cat([picture.vector, render.vector], 1)
        hidden = [head(features, vector) for head in self.heads]
        together = torch.cat(hidden, 1)
        rows = [
            row(hidden[group]) for row, group in zip(self.rows, self.outputs.groups, strict=True)
        ]
        # In float32 also under autocast: a latent is small differences of larger numbers.
        common = self.common(together).float()
        if self.linear is not None:
            with torch.autocast(common.device.type, enabled=False):
                common = common + (self.pooled(picture) - self.pooled(render)) @ self.linear
        return Update(
            common,
            torch.stack(rows, 1).float(),
            None if self.log_variance is None else self.log_variance(together).float(),
        )


def _zero(layer: nn.Linear) -> nn.Linear:
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
