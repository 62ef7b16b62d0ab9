"""Random numbers by address: the number at a position depends on the seed and the position alone.

A canvas of any size has one field of noise, of which every window can be computed by itself.

Source: Salmon et al. 2011, "Parallel Random Numbers: As Easy as 1, 2, 3" (Philox-4×32, 10 rounds).
"""

from __future__ import annotations

from functools import cache

import torch
from jaxtyping import Float, Int
from torch import Tensor

ROUNDS = 10
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
"""Added to the two words of the key after each round."""

LOW = 0xFFFFFFFF
"""A word: the low 32 bits of an integer of 64."""

PER_BLOCK = 8
"""Numbers of 16 bits in the 128 bits that one counter gives."""


def philox(counter: Int[Tensor, "*shape 4"], key: tuple[int, int]) -> Int[Tensor, "*shape 4"]:
    """Return four random words for every counter of four words; each in [0, 2³²), as int64.

    Integers of 64 bits wrap around when they are multiplied, which leaves all 64 bits of the
    product of two words.

    Args:
        counter: (…, 4), words in [0, 2³²).
        key: Two words in [0, 2³²).
    """
    a, b, c, d = counter.unbind(-1)
    low, high = key
    for _ in range(ROUNDS):
        first, second = a * MULTIPLIERS[0], c * MULTIPLIERS[1]
        a, b, c, d = (
            ((second >> 32) & LOW) ^ b ^ low,
            second & LOW,
            ((first >> 32) & LOW) ^ d ^ high,
            first & LOW,
        )
        low, high = (low + WEYL[0]) & LOW, (high + WEYL[1]) & LOW
    return torch.stack((a, b, c, d), dim=-1)


def normal_field(
    seed: int,
    stream: tuple[int, int],
    top: int,
    left: int,
    height: int,
    width: int,
    device: torch.device | str = "cpu",
) -> Float[Tensor, "{height} {width}"]:
    """Return a window of an unbounded field of n ~ N(0, 1), equal to the bit in every window.

    Each number is a quantile of the normal distribution, chosen by 16 random bits: one of 65,536
    values up to ±4.33, whose variance is 1 to 3e-5. Nothing is computed in floating point, whose
    last bit may depend on the position in memory.

    Args:
        seed: In [0, 2⁶⁴).
        stream: Two words that tell fields of one seed apart.
        top: First row, in [0, 2³²).
        left: First column, in [0, 2³⁵).
        height: Rows of the window.
        width: Columns of the window.
        device: Where to compute.
    """
    first, last = left // PER_BLOCK, (left + width - 1) // PER_BLOCK + 1
    counter = torch.empty(height, last - first, 4, dtype=torch.int64, device=device)
    counter[..., 0] = torch.arange(first, last, device=device)
    counter[..., 1] = torch.arange(top, top + height, device=device)[:, None]
    counter[..., 2], counter[..., 3] = stream
    words = philox(counter, (seed & LOW, seed >> 32))
    halves = torch.stack((words & 0xFFFF, words >> 16), dim=-1).flatten(1)
    skipped = left - first * PER_BLOCK
    window: Tensor = _quantiles(str(device))[halves[:, skipped : skipped + width]]
    return window


@cache
def _quantiles(device: str) -> Tensor:
    levels = (torch.arange(1 << 16, dtype=torch.float64) + 0.5) / (1 << 16)
    quantiles: Tensor = torch.special.ndtri(levels)
    return quantiles.float().to(device)
