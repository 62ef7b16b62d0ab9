"""Random weights for any StyleGAN, to try a recipe or a shape without a checkpoint."""

from __future__ import annotations

import torch
from torch import Tensor

from ganvas.functional.lowpass import lowpass
from ganvas.generator.architecture import StyleGAN1Architecture, StyleGANArchitecture
from ganvas.generator.skeleton import StyleGAN, skeleton
from ganvas.generator.stylegan3 import StyleGAN3
from ganvas.generator.stylegan3_plan import Step

_TAPS = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8


def random_generator(architecture: StyleGANArchitecture, seed: int = 0) -> StyleGAN:
    """Return a generator whose weights are drawn as they are before training.

    Biases and noise strengths, which training starts at zero, are small but not zero, so that
    everything in the network has an effect.

    Args:
        architecture: Shapes and arithmetic.
        seed: Of the weights.
    """
    generator = skeleton(architecture)
    rng = torch.Generator().manual_seed(seed)
    weights = {
        key: _draw(key, tuple(value.shape), architecture, rng)
        for key, value in sorted(generator.state_dict().items())
    }
    if isinstance(generator, StyleGAN3):
        for index, part in enumerate(generator.children_in_order()):
            weights |= {f"L{index}.{key}": value for key, value in _filters(part.step).items()}
    generator.load_state_dict(weights, strict=True, assign=True)
    return generator.eval().requires_grad_(False)


def _draw(
    key: str, shape: tuple[int, ...], a: StyleGANArchitecture, rng: torch.Generator
) -> Tensor:
    drawn = torch.randn(shape, generator=rng)
    match key.rsplit(".", 1)[-1]:
        case "resample_filter":
            return _TAPS.outer(_TAPS)
        case "magnitude_ema":
            return drawn.abs() + 0.5
        case "transform":
            return torch.eye(3)
        case "freqs":
            return drawn
        case "phases":
            return drawn.sigmoid() - 0.5
        case "w_avg" | "noise_strength":
            return drawn / 10
        case "weight" if key.startswith("mapper.fc"):
            return drawn / a.rate
        case "bias" if key == "input.affine.bias":
            return torch.tensor([1.0, 0.0, 0.0, 0.0])
        case "weight" if key == "input.affine.weight":
            return drawn / 10
        case "bias" if key.startswith("mapper.fc"):
            return drawn
        case "bias":
            one = key.endswith("affine.bias") and not isinstance(a, StyleGAN1Architecture)
            return drawn / 10 + float(one)
    return drawn


def _filters(step: Step) -> dict[str, Tensor]:
    source, target = step.source, step.target
    filters: dict[str, Tensor] = {}
    if step.up_taps > 1:
        filters["up_filter"] = lowpass(
            step.up_taps, source.cutoff, 2 * source.half_width, step.rate
        )
    if step.down_taps > 1:
        filters["down_filter"] = lowpass(
            step.down_taps, target.cutoff, 2 * target.half_width, step.rate, step.radial
        )
    return filters
