"""How much each noise map moves the image: what learning rates in units of the image need."""

from __future__ import annotations

import torch

from ganvas.generator.base import Generator


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
