"""How much each noise map moves the image: what learning rates in units of the image need."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from ganvas.generator.base import Generator

BLUR = 5
"""Height and width of the neighbourhood, in samples of a map, that shares its sensitivity."""


@torch.enable_grad()
def noise_gains(generator: Generator) -> list[float]:
    """Return, per noise map, the rms change of the image for white noise of rms 1 added to the map.

    That is ‖J‖_F / √N for the Jacobian J of the N scalars of the image by the map, at w_avg. One
    backward pass of random signs v estimates all of them, because E‖Jᵀv‖² = ‖J‖_F². It depends on
    the generator alone, so neighbours in a batch change nothing.

    Source: the trace estimator of Hutchinson 1990.
    """
    rng = torch.Generator().manual_seed(0)
    w = generator.broadcast(generator.w_avg.unsqueeze(0))
    noise = [n.requires_grad_() for n in generator.sample_noise(1, rng)]
    image = generator(w, noise)
    signs = torch.randint(0, 2, image.shape, generator=rng).to(image) * 2 - 1
    # The product with v as a scalar: a vector here would make torch import its symbolic shapes.
    gradients = torch.autograd.grad((image * signs).sum(), noise)
    return [float(g.square().sum().div(image.numel()).sqrt()) for g in gradients]


def noise_squares(image: Tensor, noise: Sequence[Tensor], probes: int) -> list[Tensor]:
    """Return, per map, the mean square change of the image for a change of each scalar by 1.

    That is diag(JᵀJ) / N. For random signs v, (Jᵀv)² is right on average, so each probe is one pass
    back. The signs are the same for every image: neighbours in a batch change nothing.

    Args:
        image: (b, 3, H, W), drawn from the maps, with its graph.
        noise: The maps (B, 1, r, r).
        probes: How many estimates are averaged.

    Returns:
        (B, 1, r, r) of each map; 0 for images that `image` does not show.

    Source: Bekas, Kokiopoulou and Saad 2007, after Hutchinson 1990.
    """
    rng = torch.Generator().manual_seed(0)
    total = [torch.zeros_like(n) for n in noise]
    for _ in range(probes):
        signs = torch.randint(0, 2, image.shape[1:], generator=rng).to(image) * 2 - 1
        gradients = torch.autograd.grad((image * signs).sum(), noise, retain_graph=True)
        for square, gradient in zip(total, gradients, strict=True):
            square += gradient.square() / (probes * image[0].numel())
    return total


def blurred(squares: Tensor) -> Tensor:
    """Average (B, 1, r, r) over neighbourhoods, which few probes alone tell too roughly."""
    if squares.shape[-1] <= BLUR:
        return squares
    return F.avg_pool2d(squares, BLUR, 1, BLUR // 2, count_include_pad=False)
