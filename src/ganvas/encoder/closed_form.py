"""The linear part of a network, by ridge regression before the rest is trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from ganvas.encoder.linear import judged
from ganvas.encoder.network import Network
from ganvas.encoder.settings import Settings
from ganvas.encoder.training import Scene
from ganvas.functional.images import from_uint8
from ganvas.functional.ridge import NormalEquations, normal_equations, ridge, summed

BATCH = 64
HELD_OUT = 8
"""One of so many batches chooses the penalty."""
PENALTIES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)


@torch.no_grad()
def fit_linear(
    network: Network, option: Settings, scene: Scene, report: Callable[[str], None]
) -> None:
    """Set the linear part of the network to the regression of w on differences from w_avg's render.

    Both are regressed with either sign, so that no difference gives no update.

    Args:
        network: Its linear part is set.
        option: How many samples, and how they are drawn.
        scene: The generator and its coordinates.
        report: Takes a line that says what is explained.
    """
    sums: list[NormalEquations] = []
    judges: list[NormalEquations] = []
    for index in range(-(-option.linear_samples // BATCH)):
        part = normal_equations(*_pairs(network, option, scene, index))
        chosen = judges if index % HELD_OUT == 0 else sums
        # Added at once: one is as large as all of them.
        chosen[:] = [summed([*chosen, part])]
    rows = [judged(sums[0], penalty, judges[0]) for penalty in PENALTIES]
    best = min(rows, key=lambda row: row["error"])
    affine = ridge(sums[0].plus(judges[0]), best["penalty"])
    assert network.linear is not None
    network.linear.copy_(affine.beta / affine.scale[:, None])
    report(
        f"the linear part explains {best['explained']:.1%} of whitened w "
        f"(λ = {best['penalty']:g}, {option.linear_samples} samples)"
    )


def _pairs(network: Network, option: Settings, scene: Scene, index: int) -> tuple[Tensor, Tensor]:
    """Return differences (2B, F) and latents in whitened coordinates (2B, D), with either sign."""
    stream, generator = replace(option.stream, mixing=0.0), scene.generator
    # Other samples than those of the training, and those that judge it.
    w, drawn = stream.draw(generator, scene.seed + 2, index, BATCH)
    rng = torch.Generator().manual_seed(index)
    seen = option.maps(stream.augmentation.many(from_uint8(drawn), rng))
    first = option.maps(from_uint8(scene.mean_picture)).repeated(len(w))
    x = network.pooled(seen) - network.pooled(first)
    # In double precision, which autocast leaves alone.
    y = (w[:, 0] - generator.w_avg).double() @ scene.whitener.double()
    return torch.cat([x, -x]), torch.cat([y, -y])
