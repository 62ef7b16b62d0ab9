"""Numbers that fit float16, without another type for those who compute with them."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def round_to_half(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Round float32 to the nearest numbers that float16 has (IEEE 754, 11 significant bits).

    The relative error is at most 2⁻¹¹ down to 2⁻¹⁴, and below that the absolute one 2⁻²⁵. What is
    beyond ±65504 stays as it is.
    """
    half = x.to(torch.float16).to(x.dtype)
    return torch.where(half.isfinite(), half, x)


def as_half_if_exact(x: Tensor) -> Tensor:
    """Return float16 where it holds every number of a float32 `x` exactly, otherwise `x` itself."""
    half = x.to(torch.float16)
    return half if torch.equal(half.to(x.dtype), x) else x
