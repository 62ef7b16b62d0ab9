"""Small copies of matrices: low rank, and few bits per number."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor


def low_rank(
    matrix: Float[Tensor, "m n"], rank: int
) -> tuple[Float[Tensor, "m k"], Float[Tensor, "k n"]]:
    """Return the factors L (m, rank) and R (rank, n) whose product is nearest to a matrix (m, n).

    The singular values are shared out between both, so that both have the same scale.

    Source: Eckart and Young 1936.
    """
    # In double precision on the CPU, so that the factors are the same on every device.
    u, s, v = torch.linalg.svd(matrix.double().cpu(), full_matrices=False)
    root = s[:rank].sqrt()
    left, right = u[:, :rank] * root, root[:, None] * v[:rank]
    return left.to(matrix), right.to(matrix)


def quantise(
    matrix: Float[Tensor, "m n"], bits: int
) -> tuple[Int[Tensor, "m n"], Float[Tensor, "m 1"]]:
    """Round a matrix (m, n) to signed integers of 8 or 16 bits with one step per row.

    Returns:
        The integers (m, n) and the steps (m, 1); half a step is the largest error.
    """
    top = 2 ** (bits - 1) - 1
    step = matrix.abs().amax(dim=1, keepdim=True) / top
    # A row of zeros has no scale; any will do.
    step = torch.where(step > 0, step, torch.ones_like(step))
    integers = torch.int8 if bits == 8 else torch.int16
    return (matrix / step).round().to(integers), step


def dequantise(integers: Int[Tensor, ...], step: Float[Tensor, ...]) -> Float[Tensor, ...]:
    """Return what `quantise` rounded, in the type of the steps."""
    return integers.to(step.dtype) * step
