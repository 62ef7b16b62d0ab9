"""Choosing a tile for each field of a grid so that it resembles a guide and agrees with neighbours.

    E(k) = Σ_t D(t, k_t) + λ · Σ_(t, u) S(k_t, k_u)

D is the mean squared difference of tile and guide, S that of two neighbours where they overlap;
the second sum is over all neighbours side by side or one above the other. E never rises while each
field in turn takes its best candidate (iterated conditional modes, Besag 1986).

Frühstück et al. 2019 sample by similarity and refine by swapping; this energy is simpler than
theirs and says in one number what a swap is worth.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import torch
from jaxtyping import Float, Int
from torch import Tensor


def distances(
    tiles: Float[Tensor, "K h w 3"], guides: Float[Tensor, "N h w 3"]
) -> Float[Tensor, "N K"]:
    """Return D: the mean squared difference of every guide and every tile."""
    a, b = guides.flatten(1), tiles.flatten(1)
    squares = a.square().sum(1)[:, None] + b.square().sum(1) - 2 * a @ b.T
    return squares.clamp_min(0) / a.shape[1]


def disagreement(
    before: Float[Tensor, "*batch h w 3"],
    after: Float[Tensor, "*batch h w 3"],
    strip: int,
    axis: int,
) -> Float[Tensor, " *batch"]:
    """Return S: the mean squared difference where two neighbours overlap.

    Args:
        before: The tile on the left, or above.
        after: The tile on the right, or below.
        strip: Pixels of the overlap.
        axis: -2 for side by side, -3 for one above the other.
    """
    size = before.shape[axis]
    shared = before.narrow(axis, size - strip, strip) - after.narrow(axis, 0, strip)
    return shared.square().mean(dim=(-3, -2, -1))


def energy(
    choice: Int[Tensor, "R C"],
    data: Float[Tensor, "R C K"],
    tiles: Float[Tensor, "K h w 3"],
    strip: int,
    weight: float,
) -> float:
    """Return E of a choice of tiles.

    Args:
        choice: The tile of each field.
        data: D of each field and tile.
        tiles: All tiles.
        strip: Pixels of the overlap.
        weight: λ.
    """
    chosen = tiles[choice]
    total = data.gather(2, choice[..., None]).sum()
    total += weight * disagreement(chosen[:, :-1], chosen[:, 1:], strip, -2).sum()
    total += weight * disagreement(chosen[:-1], chosen[1:], strip, -3).sum()
    return float(total)


def refine(
    choice: Int[Tensor, "R C"],
    candidates: Int[Tensor, "R C M"],
    data: Float[Tensor, "R C K"],
    tiles: Float[Tensor, "K h w 3"],
    strip: int,
    weight: float,
    sweeps: int,
) -> Int[Tensor, "R C"]:
    """Swap tiles for candidates while that lowers E.

    Args:
        choice: Where to start.
        candidates: The tiles that each field may take.
        data: D of each field and tile.
        tiles: All tiles.
        strip: Pixels of the overlap.
        weight: λ.
        sweeps: Most passes over the grid; it ends when one changes nothing.
    """
    choice = choice.clone()
    fields = list(product(*map(range, choice.shape)))
    for _ in range(sweeps):
        before = choice.clone()
        for row, column in fields:
            options = candidates[row, column]
            cost = data[row, column, options].clone()
            for term in _disagreements(tiles[options], row, column, choice, tiles, strip):
                cost += weight * term
            best = int(cost.argmin())
            held = (options == choice[row, column]).nonzero()
            if not len(held) or cost[best] < cost[int(held[0])]:
                choice[row, column] = options[best]
        if torch.equal(choice, before):
            break
    return choice


def _disagreements(
    tried: Tensor, row: int, column: int, choice: Tensor, tiles: Tensor, strip: int
) -> Iterator[Tensor]:
    """Iterate over S (M,) of the tiles tried at a field, with each of its neighbours in turn."""
    rows, columns = choice.shape
    for y, x, axis in ((row, column - 1, -2), (row - 1, column, -3)):
        if y >= 0 and x >= 0:
            yield disagreement(tiles[choice[y, x]].expand_as(tried), tried, strip, axis)
    for y, x, axis in ((row, column + 1, -2), (row + 1, column, -3)):
        if y < rows and x < columns:
            yield disagreement(tried, tiles[choice[y, x]].expand_as(tried), strip, axis)
