"""A dissection on a GPU: counts and effects of every ranking are those of the CPU."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from ganvas.dissect import Alpha, Caused, Dissection, Effect, Effects, Greedy, Samples, Survey
from ganvas.dissect.summary import summarised
from ganvas.functional.images import resize
from ganvas.generator.tiny import TinyGenerator
from pretended_gpu import pretended_gpu

RANKINGS = ("iou", "alpha", "greedy", "correlation", "gradient")
CONCEPTS = ("red", "blue")
EFFECT = Effect(
    rankings=RANKINGS, units=2, samples=2, random=1, concepts=("red",), layer=16,
    alpha=Alpha(steps=2, pictures=1), greedy=Greedy(candidates=1, pictures=1),
)  # fmt: skip


def segment(pictures: Tensor, names: object) -> Tensor:
    """Where the red and the blue channel are above the mean, (B, 2, 512, 512)."""
    wide = resize(pictures, 512)[:, ::2]
    return wide > wide.mean((2, 3), keepdim=True)


def dissected(folder: Path, device: str) -> tuple[Dissection, list[Caused]]:
    """Return the dissection of four samples, and what the best units cause."""
    generator = TinyGenerator(resolution=32, channels=8).to(device)
    layers = tuple(generator.find_layer(resolution) for resolution in (8, 16))
    survey = Survey(generator, layers, segment, Samples(0, 1.0), folder, 2, 1.0, batch=2)
    counts = survey.run(4)
    found = summarised(counts, survey.edges(), CONCEPTS, generator, "quality", 0.99)

    def score(pictures: Tensor) -> Tensor:
        return torch.sigmoid(resize(pictures, 512)[:, 0])

    effects = Effects(EFFECT, survey, counts.pixels, lambda name: score, "0")
    results = list(effects.run(found))
    return results[-1][0], [caused for _, caused in results if isinstance(caused, Caused)]


def test_a_dissection_is_that_of_the_cpu(tmp_path):
    here, causes = dissected(tmp_path / "cpu", "cpu")
    with pretended_gpu():
        there, effects = dissected(tmp_path / "gpu", "cuda")
    assert [cause.ranking for cause in effects] == list(RANKINGS)
    assert [cause.units for cause in effects] == [cause.units for cause in causes]
    for one, other in zip(effects, causes, strict=True):
        assert one.best.removed.value == pytest.approx(other.best.removed.value, abs=1e-3)
    for layer in here.layers:
        assert torch.allclose(there.units(layer).iou, here.units(layer).iou, atol=1e-3)
