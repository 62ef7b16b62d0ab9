"""Where a tuned generator is held to the one it came from."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor


def towards(
    pivot: Float[Tensor, "1 rows w_dim"], samples: Float[Tensor, "B rows w_dim"], distance: float
) -> Float[Tensor, "B rows w_dim"]:
    """Return the points at a distance from the pivot, on the way to each sample.

    w_r = w_p + α (w_z − w_p) / ‖w_z − w_p‖₂, the norm taken over all rows.

    Args:
        pivot: w_p, (1, rows, w_dim).
        samples: w_z, (B, rows, w_dim).
        distance: α, above 0.

    Source: Roich et al. 2021, equation 4.
    """
    way = samples - pivot
    length = way.flatten(1).square().sum(1).sqrt().clamp_min(1e-12)
    return pivot + distance * way / length[:, None, None]
