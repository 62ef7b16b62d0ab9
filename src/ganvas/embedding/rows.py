"""Fitting latents of other programs to the rows of a generator, and saying how they were read."""

from __future__ import annotations

from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from ganvas.errors import InputError
from ganvas.generator.base import Generator
from ganvas.generator.content_hash import content_hash

ROWS_OF_1024 = 18
"""Rows of w+ of StyleGAN1 and 2 at 1024²."""

ROWS_OF_STYLEGAN = (8, 10, 12, 14, 16, 18)
"""Rows of w+ of StyleGAN1 and 2 from 32² to 1024²."""

FFHQ_MAPPING = "3b7ebc00850204e0bba4985d1f9717bc8b45b570c774ca149c96429366568c0c"
"""Content hash of the mapping network of StyleGAN2-FFHQ, which MobileStyleGAN took over."""


def fit_rows(
    w: Float[Tensor, "B _ _"], rows: int, w_dim: int, path: Path
) -> Float[Tensor, "B rows w_dim"]:
    """Return w+ (B, rows, w_dim) for a generator; a single w fits any number of rows.

    Raises:
        InputError: The file belongs to a generator of another shape.
    """
    if w.shape[2] == w_dim and w.shape[1] == rows:
        return w
    if w.shape[2] == w_dim and bool((w == w[:, :1]).all()):
        return w[:, :1].expand(-1, rows, -1).clone()
    raise InputError(
        f"{path} holds {w.shape[1]} rows of {w.shape[2]}; this generator has {rows} of {w_dim}"
    )


def fit_latents(latents: Tensor, generator: Generator, path: Path) -> tuple[Tensor, str]:
    """Return w+ (B, rows, w_dim) for a generator, and a notice of what was assumed or "".

    A matrix (N, w_dim) is the w+ of one picture where N is the generator's number of rows, or one
    that StyleGANs have; else it is one w for each of N pictures.

    Args:
        latents: (B, rows, w_dim), (B, 1, w_dim) or (N, w_dim).
        generator: The generator that is to draw them.
        path: Where they come from.

    Raises:
        InputError: They belong to a generator of another shape.
    """
    notice = ""
    if latents.ndim == 2:
        lines = len(latents)
        if lines in (1, generator.rows, *ROWS_OF_STYLEGAN):
            notice = f"the {lines} lines are read as the w+ of one picture" if lines > 1 else ""
            latents = latents.unsqueeze(0)
        else:
            notice = f"the {lines} lines are read as one w for each of {lines} pictures"
            latents = latents.unsqueeze(1)
    single = bool((latents == latents[:, :1]).all())
    carried = not single and latents.shape[1:] == (ROWS_OF_1024, generator.w_dim)
    if carried and shares_ffhq_mapping(generator):
        return carry(latents, generator)
    return fit_rows(latents, generator.rows, generator.w_dim, path), notice


def shares_ffhq_mapping(generator: Generator) -> bool:
    """Return True where a generator's W is that of StyleGAN2-FFHQ although its rows are others."""
    if generator.family != "mobilestylegan" or generator.rows == ROWS_OF_1024:
        return False
    state = generator.state_dict()
    mapping = {name: value for name, value in state.items() if name.startswith("mapping_network.")}
    return content_hash(mapping) == FFHQ_MAPPING


def carry(w: Tensor, generator: Generator) -> tuple[Tensor, str]:
    """Carry w+ of StyleGAN2 at 1024² (B, 18, w_dim) over to a generator with the same W.

    Each layer takes the row that the same layer at the same resolution has in StyleGAN2, the
    image takes that of the image; rows without effect repeat the one before them.

    Returns:
        w+ (B, rows, w_dim), and a notice that says which rows of the file nothing draws with, and
        how far they are from the ones beside them.
    """
    places = carried_rows(generator)
    left_out = sorted(set(range(w.shape[1])) - set(places))
    used = torch.tensor(sorted(set(places)))
    notice = f"{w.shape[1]} rows are read as those of StyleGAN2-FFHQ and carried over by resolution"
    if left_out:
        nearest = [int(used[(used - row).abs().argmin()]) for row in left_out]
        gap = (w[:, left_out] - w[:, nearest]).square().mean().sqrt()
        spread = (w - generator.w_avg).square().mean().sqrt().clamp_min(1e-12)
        shown = ", ".join(str(row + 1) for row in left_out)
        notice += (
            f"; rows {shown} have no layer here: they differ from the ones beside them by "
            f"{gap / spread:.0%} of their distance from the mean"
        )
    return w[:, places].clone(), notice


def carried_rows(generator: Generator) -> list[int]:
    """Return, for each row of a generator, the row of StyleGAN2 that stands at its place.

    StyleGAN2 has one row for the layer at 4², two for each resolution r above, 2 log₂ r − 5 and
    2 log₂ r − 4, and behind them one for the image.
    """
    places: dict[int, int] = {}
    seen: dict[int, int] = {}
    for layer in generator.layers:
        ordinal = seen.get(layer.resolution, 0)
        seen[layer.resolution] = ordinal + 1
        first = 2 * (layer.resolution.bit_length() - 1) - 5
        places[layer.row] = min(max(0, first) + ordinal, max(0, first + 1))
    last = 2 * (generator.resolution.bit_length() - 1) - 3
    behind = [row for row in generator.effective_rows if row not in places]
    places |= dict.fromkeys(behind, last)
    for row in range(generator.rows):
        places.setdefault(row, places.get(row - 1, 0))
    return [places[row] for row in range(generator.rows)]
