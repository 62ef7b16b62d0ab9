"""Which units to ablate for a concept, by gradients: the paper's optimised α."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ganvas.dissect.concepts import Score
from ganvas.dissect.dissection import Dissection

if TYPE_CHECKING:
    from torch import Tensor

    from ganvas.embedding import Embedding
    from ganvas.generator.base import Activation, ActivationEdit, Generator


@dataclass(frozen=True)
class Alpha:
    """How α is optimised, by projected gradient descent, one picture a step.

    Attributes:
        steps: Number of steps.
        rate: How far the unit of the steepest gradient moves in a step.
        decay: λ, the weight of ‖α‖² in units of the steepest gradient.
        pictures: Pictures that show the concept, other ones than the effect is measured on.
    """

    steps: Annotated[int, Field(ge=1)] = 16
    rate: Annotated[float, Field(gt=0)] = 0.1
    decay: Annotated[float, Field(ge=0)] = 0.1
    pictures: Annotated[int, Field(ge=1)] = 8


def optimise(
    alpha: Alpha,
    dissection: Dissection,
    generator: Generator,
    score: Score,
    pictures: Sequence[Embedding],
    layer: str,
) -> Tensor:
    """Return α (U,) in [0, 1] of a layer's units: how much of each is ablated for a concept.

    Minimises over α the mean of s(x_α) / s(x) + λ‖α‖², where x_α is drawn with u moved to
    (1 − α) u + α u_off at all positions and s is the score of the concept. Bau et al. 2019,
    equation 5, with the ablated half of the effect, which is the one that can be had from every
    picture. The first gradient, at α = 0, is that of each unit by itself.

    Args:
        alpha: How.
        dissection: What the units' values are.
        generator: The generator.
        score: From a picture (1, 3, H, W) to the concept's soft area, a differentiable scalar.
        pictures: Embeddings of one image each, which show the concept.
        layer: The layer.
    """
    import torch

    off = dissection.units(layer).off.to(generator.w_avg.device)
    value = torch.zeros_like(off)
    with torch.no_grad():
        before = [score(one.render(generator)) for one in pictures]
    for step in range(alpha.steps):
        index = step % len(pictures)
        with torch.enable_grad():
            trial = value.clone().requires_grad_(True)
            edits = {layer: _ablated(trial, off)}
            one = pictures[index]
            picture = generator.synthesis(one.styles(generator), one.noise, edits=edits)
            loss = score(picture) / before[index].clamp_min(1e-6)
            (gradient,) = torch.autograd.grad(loss, trial)
        steepest = gradient.abs().max().clamp_min(1e-12)
        value = value - alpha.rate * (gradient / steepest + 2 * alpha.decay * value)
        value = value.clamp(0, 1)
    return value.cpu()


def _ablated(alpha: Tensor, off: Tensor) -> ActivationEdit:
    from ganvas.generator.base import Activation

    def edit(state: Activation) -> Activation:
        share, end = alpha.view(1, -1, 1, 1), off.view(1, -1, 1, 1)
        return Activation(state.features + share * (end - state.features), state.rgb)

    return edit
