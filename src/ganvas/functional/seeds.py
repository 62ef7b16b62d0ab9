"""Seeds of streams of random numbers."""

from __future__ import annotations


def seed_of(seed: int, index: int) -> int:
    """Return the seed of a stream of its own for step, sample or image `index` below a seed.

    What a step draws then depends on no other: a run that goes on where it stopped draws the same,
    and more samples keep the first ones.

    >>> seed_of(0, 7), seed_of(2, 7)
    (7, 2000013)
    """
    return seed * 1_000_003 + index
