"""A choice of a latent for each tile, in few bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from ganvas.generator.base import Generator

BANK = 2
"""Stream of the random numbers that a bank's latents are mapped from."""

MEMBERS = 2**32
"""How many members a bank has: the address of a random number takes 32 bits of theirs."""


@dataclass(frozen=True)
class Assignment:
    """Which latents each tile is mixed of.

    The members of a bank are numbered from 0 to `MEMBERS` − 1: number k is mapped from the z at the
    address (seed, k). So a grid of numbers says it all.

    Attributes:
        ids: (rows, columns, M) int64: members of the bank; −1 − k is entry k of the table.
        weights: (rows, columns, M), what each of the M counts; 1 in sum.
        table: (K, rows of w+, w_dim), latents from elsewhere.
        psi: Truncation of the bank's members.
    """

    ids: Tensor
    weights: Tensor
    table: Tensor
    psi: float

    def rows(self, generator: Generator, seed: int, tile: tuple[int, int]) -> Tensor:
        """Return w+ (1, rows, w_dim) of a tile.

        Args:
            generator: Maps the bank's members.
            seed: Of the bank.
            tile: Row and column.
        """
        return self.mixed(generator, seed, self.ids[tile], self.weights[tile])

    def mixed(self, generator: Generator, seed: int, ids: Tensor, weights: Tensor) -> Tensor:
        """Return the weighted sum (1, rows, w_dim) of members (M,) of bank and table."""
        import torch

        mixed = torch.zeros(1, generator.rows, generator.w_dim, device=generator.w_avg.device)
        for number, weight in zip(ids.tolist(), weights.tolist(), strict=True):
            if weight:
                mixed += weight * self._member(generator, seed, number)
        return mixed

    def _member(self, generator: Generator, seed: int, number: int) -> Tensor:
        if number < 0:
            return self.table[-1 - number][None].to(generator.w_avg.device)
        w = generator.broadcast(bank_w(generator, seed, number, 1))
        return generator.truncate(w, self.psi)


def bank_w(generator: Generator, seed: int, first: int, count: int) -> Tensor:
    """Return w (count, w_dim) of members of the bank, without truncation, mapped one by one."""
    import torch

    from ganvas.functional.philox import normal_field

    device = generator.w_avg.device
    z = normal_field(seed, (BANK, 0), first, 0, count, generator.z_dim, device)
    with torch.no_grad():
        # One by one, so that a latent does not depend on its neighbours to the last bit.
        return torch.cat([generator.mapping(one[None]) for one in z])


def from_bank(ids: Tensor, generator: Generator, psi: float) -> Assignment:
    """Return the assignment of one member of the bank to each tile, ids (rows, columns)."""
    import torch

    table = torch.empty(0, generator.rows, generator.w_dim)
    return Assignment(ids[..., None], torch.ones(*ids.shape, 1), table, psi)
