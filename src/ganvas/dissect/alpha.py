"""Which units to change for a concept, by gradients: the paper's optimised α."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ganvas.dissect.concepts import Score
from ganvas.dissect.dissection import Units
from ganvas.system.gradient import no_grad

if TYPE_CHECKING:
    from torch import Tensor

    from ganvas.embedding import Embedding
    from ganvas.generator.base import Activation, ActivationEdit, Generator


@dataclass(frozen=True)
class Alpha:
    """How α is optimised, by projected gradient descent, a batch of pictures a step.

    Attributes:
        steps: Number of steps.
        rate: How far the unit of the steepest gradient moves in a step.
        decay: λ, the weight of ‖α‖² in units of the steepest gradient.
        insertion: Weight of the inserted half of the objective; 0: ablation alone.
        pictures: Pictures that show the concept, other ones than the effect is measured on.
        batch: How many of them a step looks at.
    """

    steps: Annotated[int, Field(ge=1)] = 16
    rate: Annotated[float, Field(gt=0)] = 0.1
    decay: Annotated[float, Field(ge=0)] = 0.1
    insertion: Annotated[float, Field(ge=0)] = 1.0
    pictures: Annotated[int, Field(ge=1)] = 8
    batch: Annotated[int, Field(ge=1)] = 1


@dataclass(frozen=True)
class Shown:
    """Pictures that show a concept, and pictures that do not.

    Attributes:
        pictures: N images that show it.
        lacking: N images that show the least of it; it is inserted there.
        area: (N,) its soft area in each of the first ones, in pixels.
        region: (N, 1, SIDE, SIDE) where it is in these, 0 or 1: where it is inserted in the others.
    """

    pictures: Embedding
    lacking: Embedding
    area: Tensor
    region: Tensor

    def __getitem__(self, images: Sequence[int]) -> Shown:
        index = list(images)
        return Shown(
            self.pictures.take(index), self.lacking.take(index), self.area[index],
            self.region[index],
        )  # fmt: skip


@no_grad
def seen(pictures: Embedding, lacking: Embedding, generator: Generator, score: Score) -> Shown:
    """Find a concept in the pictures that show it, one picture after the other."""
    import torch

    maps = torch.cat([score(pictures[i : i + 1].render(generator)) for i in range(len(pictures))])
    return Shown(pictures, lacking, maps.sum((1, 2)).clamp_min(1), (maps > 0.5).float()[:, None])


def optimise(
    alpha: Alpha, units: Units, on: Tensor, generator: Generator, score: Score, shown: Shown,
    layer: str,
) -> Tensor:  # fmt: skip
    """Return α (U,) in [0, 1] of a layer's units: how much of each is changed for a concept.

    Minimises over α the mean of s(x_a) / s(x) − γ s_P(x'_i) / |P| + λ‖α‖². In x_a, u is moved to
    (1 − α) u + α u_off at all positions, and s is the concept's soft area. In x'_i, a picture x'
    that shows little of the concept, u is moved to (1 − α) u + α u_on in P, the region of the
    concept in x, and s_P is the soft area there. Source: Bau et al. 2019, equations 5 and 6. The
    first gradient, at α = 0, is that of each unit by itself.

    Args:
        alpha: How; γ is its `insertion`.
        units: What the layer's units' values are.
        on: (U,) u_on for the concept.
        generator: The generator.
        score: From pictures to the concept's probability.
        shown: The pictures x and x', and P.
        layer: The layer.
    """
    import torch

    off, on = (values.to(generator.w_avg.device) for values in (units.off, on))
    value = torch.zeros_like(off)
    for step in range(alpha.steps):
        first = step * alpha.batch
        part = shown[[(first + i) % len(shown.area) for i in range(alpha.batch)]]
        with torch.enable_grad():
            trial = value.clone().requires_grad_(True)
            loss = ablated_share(trial, off, generator, score, part, layer).mean()
            if alpha.insertion > 0:
                inserted = inserted_share(trial, on, generator, score, part, layer).mean()
                loss = loss - alpha.insertion * inserted
            (gradient,) = torch.autograd.grad(loss, trial)
        steepest = gradient.abs().max().clamp_min(1e-12)
        value = value - alpha.rate * (gradient / steepest + 2 * alpha.decay * value)
        value = value.clamp(0, 1)
    return value.cpu()


def ablated_share(
    alpha: Tensor, off: Tensor, generator: Generator, score: Score, shown: Shown, layer: str
) -> Tensor:
    """Return what is left of a concept's area (B,) when units move by α (U,) to `off` (U,)."""
    one = shown.pictures
    picture = _drawn(one, generator, layer, _moved(alpha, off))
    return score(picture).sum((1, 2)) / shown.area


def inserted_share(
    alpha: Tensor, on: Tensor, generator: Generator, score: Score, shown: Shown, layer: str
) -> Tensor:
    """Return the share (B,) of P that becomes the concept when units move by α to `on` there."""
    margin = generator.layers[generator.layer_index(layer)].margin
    edit = _moved(alpha, on, shown.region, margin)
    within = shown.region[:, 0]
    inside = score(_drawn(shown.lacking, generator, layer, edit)) * within
    return inside.sum((1, 2)) / within.sum((1, 2)).clamp_min(1)


def _drawn(one: Embedding, generator: Generator, layer: str, edit: ActivationEdit) -> Tensor:
    from ganvas.generator.tuning import tuned

    generator = tuned(generator, one.delta)
    return generator.synthesis(one.styles(generator), one.noise, edits={layer: edit})


def _moved(
    alpha: Tensor, values: Tensor, region: Tensor | None = None, margin: int = 0
) -> ActivationEdit:
    from ganvas.functional.activations import fit_mask
    from ganvas.generator.base import Activation

    def edit(state: Activation) -> Activation:
        share, end = alpha.view(1, -1, 1, 1), values.view(1, -1, 1, 1)
        if region is not None:
            share = share * fit_mask(region, state.features.shape[-1], margin)
        return Activation(state.features + share * (end - state.features), state.rgb)

    return edit


def style_gradient(generator: Generator, score: Score, shown: Shown, deviation: Tensor) -> Tensor:
    """Return how much a concept's area grows with each style (S,), per standard deviation.

    The mean over pictures of σ_s ∂ s(x) / ∂ style / s(x), one picture after the other.

    Args:
        generator: The generator.
        score: From pictures to the concept's probability.
        shown: The pictures x.
        deviation: σ_s, (S,).

    Source: the gradients by which Wu et al. 2021, *StyleSpace Analysis*, find a region's channels.
    """
    import torch

    from ganvas.embedding.embedding import join_styles, split_styles
    from ganvas.generator.tuning import tuned

    total = torch.zeros(len(deviation))
    for index in range(len(shown.area)):
        one = shown.pictures[index : index + 1]
        drawing = tuned(generator, one.delta)
        with torch.enable_grad():
            styles = join_styles(one.styles(drawing)).detach().requires_grad_(True)
            picture = drawing.synthesis(split_styles(styles, drawing), one.noise)
            share = score(picture).sum() / shown.area[index]
            (gradient,) = torch.autograd.grad(share, styles)
        total = total + gradient[0].cpu()
    return total / len(shown.area) * deviation
