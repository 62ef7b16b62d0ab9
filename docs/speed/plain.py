"""A projector as one writes it first: the published formulas in a loop, and nothing saved.

Weights are scaled by the style and normalised for every image, as a grouped convolution (Karras et
al. 2020, equations 1 and 3); autograd keeps all of it; the optimiser is torch's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ganvas.functional.images import resize
from ganvas.functional.priors import noise_autocorrelation, normalise_noise
from ganvas.generator import Generator
from ganvas.generator.stylegan2 import StyledConv, StyleGAN2, ToRGB
from ganvas.network.lpips import PerceptualDistance
from speed.task import Task

Draw = Callable[[Tensor, Sequence[Tensor]], Tensor]
"""w+ (B, rows, w_dim) and noise maps → images (B, 3, H, W)."""


def drawer(generator: Generator) -> Draw:
    """Return the plain form of a generator; a family other than StyleGAN2 draws as it is."""
    return _StyleGAN2(generator) if isinstance(generator, StyleGAN2) else generator


class _StyleGAN2:
    """The skip layout of StyleGAN2 by its printed formulas, with another generator's weights."""

    def __init__(self, generator: StyleGAN2) -> None:
        self.generator = generator
        self.blocks = [generator.get_submodule(f"b{4 << i}")
                       for i in range(len(generator.architecture.channels))]  # fmt: skip

    def __call__(self, w: Tensor, noise: Sequence[Tensor]) -> Tensor:
        kernel = self.generator.resample_filter
        x = self.blocks[0].const.expand(len(w), -1, -1, -1)
        rgb: Tensor | None = None
        row = 0
        for block in self.blocks:
            for name in ("conv0", "conv1"):
                if hasattr(block, name):
                    x = _styled(getattr(block, name), x, w[:, row], noise[row], kernel)
                    row += 1
            here = _to_rgb(block.torgb, x, w[:, row])
            rgb = here if rgb is None else _upsample(rgb, kernel) + here
        assert rgb is not None
        return rgb


def _styled(conv: StyledConv, x: Tensor, w: Tensor, noise: Tensor, kernel: Tensor) -> Tensor:
    x = _modulated(x, conv.weight, conv.affine(w), up=conv.up, demodulate=True)
    if conv.up:
        x = _filter(x, 4 * kernel, 1)
    x = x + noise * conv.noise_strength + conv.bias[:, None, None]
    return F.leaky_relu(x, 0.2) * math.sqrt(2)


def _to_rgb(layer: ToRGB, x: Tensor, w: Tensor) -> Tensor:
    style = layer.affine(w) * layer.gain
    return (
        _modulated(x, layer.weight, style, up=False, demodulate=False) + layer.bias[:, None, None]
    )


def _modulated(x: Tensor, weight: Tensor, style: Tensor, *, up: bool, demodulate: bool) -> Tensor:
    batch, inputs, height, width = x.shape
    outputs, _, size, _ = weight.shape
    scaled = weight * style[:, None, :, None, None]
    if demodulate:
        scaled = scaled * (scaled.square().sum((2, 3, 4), keepdim=True) + 1e-8).rsqrt()
    x = x.reshape(1, batch * inputs, height, width)
    if up:
        scaled = scaled.transpose(1, 2).reshape(batch * inputs, outputs, size, size)
        x = F.conv_transpose2d(x, scaled, stride=2, groups=batch)
    else:
        scaled = scaled.reshape(batch * outputs, inputs, size, size)
        x = F.conv2d(x, scaled, padding=size // 2, groups=batch)
    return x.reshape(batch, outputs, *x.shape[-2:])


def _filter(x: Tensor, kernel: Tensor, padding: int) -> Tensor:
    channels = x.shape[1]
    return F.conv2d(x, kernel.expand(channels, 1, -1, -1), padding=padding, groups=channels)


def _upsample(x: Tensor, kernel: Tensor) -> Tensor:
    channels = x.shape[1]
    weight = (4 * kernel).expand(channels, 1, -1, -1)
    return F.conv_transpose2d(x, weight, stride=2, padding=1, groups=channels)


def project(
    draw: Draw,
    task: Task,
    w: Tensor,
    noise: Sequence[Tensor],
    target: Tensor,
    distance: PerceptualDistance | None,
    after: Callable[[int], None],
    steps: int,
) -> tuple[Tensor, list[Tensor]]:
    """Optimise what the task names, and return latent and noise as they are after the last step.

    Args:
        draw: The generator.
        task: Variables, terms and rates.
        w: (B, rows, w_dim), where the latent starts.
        noise: Where the maps start.
        target: (B, 3, H, W).
        distance: LPIPS; None where the task has no such term.
        after: Called after each step.
        steps: How many.
    """
    w = w.clone().requires_grad_(task.moves_latent)
    noise = [n.clone().requires_grad_(task.moves_noise) for n in noise]
    groups = [{"params": [w], "lr": task.latent_lr}] if task.moves_latent else []
    groups += [{"params": noise, "lr": task.noise_lr}] if task.moves_noise else []
    optimizer = torch.optim.Adam(groups)
    small = min(256, target.shape[-1])
    features = None if distance is None else distance.reference(resize(target, small))
    for step in range(steps):
        image = draw(w, noise)
        loss = task.mse * (image - target).square().mean()
        if distance is not None and features is not None and task.lpips:
            loss = loss + task.lpips * distance(resize(image, small), features).sum()
        if task.autocorrelation:
            loss = loss + task.autocorrelation * noise_autocorrelation(noise).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if task.autocorrelation:
            normalise_noise(noise)
        after(step)
    return w.detach(), [n.detach() for n in noise]
