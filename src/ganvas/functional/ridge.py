"""Ridge regression from sums over the data, so that the data need not be in memory at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor


class NormalEquations(NamedTuple):
    """What least squares needs to know of pairs (x, y); sums of parts are sums of these.

    Attributes:
        pairs: n, how many there are.
        gram: (F + 1, F + 1), Σ x̃ x̃ᵀ with x̃ = (x, 1), in float64.
        moments: (F + 1, D), Σ x̃ yᵀ.
        squares: (D,), Σ y².
    """

    pairs: int
    gram: Tensor
    moments: Tensor
    squares: Tensor

    def plus(self, other: NormalEquations) -> NormalEquations:
        """Return the sums over both parts."""
        return NormalEquations(
            self.pairs + other.pairs,
            self.gram + other.gram,
            self.moments + other.moments,
            self.squares + other.squares,
        )


class Affine(NamedTuple):
    """An affine map y = ((x − centre) / scale) β + bias.

    Attributes:
        centre: (F,), the mean of x.
        scale: (F,), the standard deviation of x; 1 where x does not vary.
        beta: (F, D).
        bias: (D,), the mean of y.
    """

    centre: Tensor
    scale: Tensor
    beta: Tensor
    bias: Tensor

    def __call__(self, x: Float[Tensor, "B F"]) -> Float[Tensor, "B D"]:
        """Return y (B, D) for x (B, F)."""
        return ((x - self.centre) / self.scale) @ self.beta + self.bias

    @property
    def matrix(self) -> Float[Tensor, "_ D"]:
        """The map as y = (x, 1) M: weights (F, D), and the bias as the last row."""
        weight = self.beta / self.scale[:, None]
        return torch.cat([weight, (self.bias - self.centre @ weight)[None]])


def normal_equations(x: Float[Tensor, "n F"], y: Float[Tensor, "n D"]) -> NormalEquations:
    """Return the sums over pairs x (n, F) and y (n, D), in float64."""
    x, y = x.double(), y.double()
    x = torch.cat([x, x.new_ones(len(x), 1)], 1)
    return NormalEquations(len(x), x.T @ x, x.T @ y, y.square().sum(0))


def summed(parts: Iterable[NormalEquations]) -> NormalEquations:
    """Add the sums of parts in their order, so that the same parts give the same bits.

    Raises:
        ValueError: There is no part.
    """
    total: NormalEquations | None = None
    for part in parts:
        total = part if total is None else total.plus(part)
    if total is None:
        raise ValueError("no data to regress from")
    return total


def ridge(sums: NormalEquations, penalty: float, *, check: bool = True) -> Affine:
    """Minimise Σ‖y − f(x)‖² / n + λ‖β‖² over affine maps f, for the penalty λ > 0.

    Features are standardised first, so that the penalty treats all alike. Source: Hoerl and Kennard
    1970, *Ridge Regression*.

    Args:
        sums: The data.
        penalty: λ.
        check: Look whether the sums are finite, for which a GPU is waited for; otherwise those that
            are not give a map that is not.

    Raises:
        torch.linalg.LinAlgError: They are not.
    """
    n = sums.pairs
    centre, bias = sums.gram[:-1, -1] / n, sums.moments[-1] / n
    variance = sums.gram.diagonal()[:-1] / n - centre.square()
    # What does not vary, but for rounding, has nothing to say.
    varies = variance > 1e-12 * (1 + centre.square())
    scale = variance.where(varies, torch.ones_like(variance)).sqrt()
    covariance = sums.gram[:-1, :-1] / n - torch.outer(centre, centre)
    covariance = covariance / torch.outer(scale, scale) * torch.outer(varies, varies)
    cross = (sums.moments[:-1] / n - torch.outer(centre, bias)) / scale[:, None] * varies[:, None]
    covariance.diagonal().add_(penalty)
    factor = torch.linalg.cholesky_ex(covariance, check_errors=check).L
    beta = torch.cholesky_solve(cross, factor)
    return Affine(centre, scale, beta, bias)


def mean_squared_error(sums: NormalEquations, affine: Affine) -> Float[Tensor, " D"]:
    """Return the mean squared error (D,) of an affine map on the pairs of some sums."""
    whole = affine.matrix
    explained = (whole * (sums.gram @ whole)).sum(0) - 2 * (whole * sums.moments).sum(0)
    return (explained + sums.squares) / sums.pairs
