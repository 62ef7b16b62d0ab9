"""Exact savings, for every family: what cannot change is computed once, and without gradient."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import patch

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from families import MAKERS
from ganvas.generator import Generator
from ganvas.layers import Layers, Subset
from ganvas.loss import MSE, Block
from ganvas.optimizer import Adam
from ganvas.stage import Scene, StageConfig
from ganvas.stage.stage import Stage
from ganvas.start import WAvg


class Only(Layers):
    """A subset written out."""

    def __init__(self, rows: tuple[int, ...], noise: tuple[int, ...]) -> None:
        self.subset = Subset(rows, noise, ())

    def select(self, generator: Generator) -> Subset:
        return self.subset


@pytest.fixture(params=MAKERS)
def generator(request) -> Generator:
    return MAKERS[request.param]()


def stage_of(generator: Generator, first: int, kinds: tuple[str, ...]) -> Stage:
    """Return a stage that changes what layer `first` reads, and what those behind it read."""
    behind = generator.layers[first:]
    rows = tuple(sorted({layer.row for layer in behind}))
    maps = tuple(layer.noise for layer in behind if layer.noise is not None)
    config = StageConfig(
        optimise={kind: Adam(lr=0.1) for kind in kinds}, layers=Only(rows, maps),
        objective={"fit": Block({"mse": MSE()})}, steps=3,
    )  # fmt: skip
    start = WAvg().begin(generator, ("x",), seed=3)
    x = torch.zeros(1, 3, generator.resolution, generator.resolution)
    return Stage(config, Scene(generator, {"x": x}, {}, lambda: start), 1)


def test_the_layers_before_the_first_changing_one_are_not_run(generator):
    first = len(generator.layers) - 1
    stage = stage_of(generator, first, ("latent",))
    calls, original = [], type(generator).layer

    def counted(self, index, *rest):
        calls.append(index)
        return original(self, index, *rest)

    with patch.object(type(generator), "layer", counted):
        _, _, gradients = stage._pass(0, 0)
    # StyleGAN3's last layer is drawn behind those that it lists.
    assert min(calls) == first
    assert len(set(calls)) == len(calls) <= 2
    assert stage._parts[0].resume is not None
    assert not stage._parts[0].resume[1].features.requires_grad
    assert all(g is not None and g.isfinite().all() for g in gradients)


def test_resuming_gives_the_same_gradient(generator):
    stage = stage_of(generator, len(generator.layers) - 1, ("latent",))
    part = stage._parts[0]
    image, _, found = stage._pass(0, 0)
    stage.__dict__["parts"] = [replace(part, resume=None)]
    whole, _, expected = stage._pass(0, 0)
    scale = whole.abs().max().item()
    assert torch.allclose(image, whole, atol=1e-5 * scale)
    for a, b in zip(found, expected, strict=True):
        assert torch.allclose(a, b, atol=1e-4 * b.abs().max().item())


@pytest.mark.parametrize("generator", sorted(MAKERS.keys() - {"stylegan3"}), indirect=True)
def test_frozen_styles_are_computed_once(generator):
    stage = stage_of(generator, 0, ("noise",))
    with patch.object(type(generator), "styles", side_effect=AssertionError):
        stage._pass(0, 0)


def test_cost_falls_with_the_subset(generator):
    # What a step costs, counted, is the drawing behind the first layer and the way back.
    costs = []
    for first in (0, len(generator.layers) // 2, len(generator.layers) - 1):
        stage = stage_of(generator, first, ("latent",))
        with FlopCounterMode(display=False) as counter:
            stage._pass(0, 0)
        costs.append(counter.get_total_flops())
    assert costs[0] > costs[1] > costs[2] > 0
