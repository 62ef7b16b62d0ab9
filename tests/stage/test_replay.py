"""Recorded steps, TensorFloat-32 and channels last: the same results, and nothing that waits."""

from __future__ import annotations

from collections.abc import Callable
from unittest.mock import patch

import pytest
import torch
from torch import Tensor

from fitting import Listener, fit
from ganvas.generator.architecture import StyleGAN2Architecture
from ganvas.generator.random_weights import random_generator
from ganvas.generator.tiny import TinyGenerator
from ganvas.layers import All
from ganvas.loss import L1, MSE, Block, ScheduledWeight
from ganvas.optimizer import Adam
from ganvas.runner.process import configured
from ganvas.runner.settings import Trainer
from ganvas.stage import Exploration, Scene, StageConfig
from ganvas.stage import stage as stages
from ganvas.stage.stage import Stage
from ganvas.start import WAvg

STEPS = 7
CUDA = pytest.param("cuda", marks=pytest.mark.gpu)
BY_TURNS = {"mse": MSE(), "even": L1(every=2), "odd": L1(every=2, first=1, weight=0.5)}


class Reused:
    """Stands for `Replay` without a GPU: every result lies in the tensors of the first one."""

    recorded = 0

    def __init__(self) -> None:
        self.results: dict = {}

    @classmethod
    def __class_getitem__(cls, item):
        return cls

    def __call__(self, key, function):
        image, row, gradients = function()
        if key not in self.results:
            Reused.recorded += 1
            self.results[key] = image, row, gradients
            return self.results[key]
        kept = self.results[key]
        kept[0].copy_(image)
        for name in row:
            kept[1][name].copy_(row[name])
        for old, new in zip(kept[2], gradients, strict=True):
            if old is not None:
                old.copy_(new)
        return kept


def configuration(**more) -> StageConfig:
    adam = Adam(lr=0.1)
    terms = more.pop("terms", BY_TURNS)
    optimise = more.pop("optimise", {"latent": adam, "noise": adam})
    return StageConfig(
        optimise=optimise, layers=All(), objective={"W_l": Block(terms)}, steps=STEPS, **more
    )


def prepared(device: str, graphs: bool, config: StageConfig | None = None) -> Stage:
    generator = TinyGenerator(resolution=32, channels=8, w_dim=16).eval().to(device)
    rng = torch.Generator().manual_seed(7)
    x = (torch.rand(3, 3, 32, 32, generator=rng) * 2 - 1).to(device)
    start = WAvg().begin(generator, ("0", "1", "2"), seed=3)
    scene = Scene(generator, {"x": x}, {}, lambda: start.to(torch.device(device)))
    return Stage(config or configuration(), scene, 2, cuda_graphs=graphs)


def fitted(stage: Stage) -> tuple[list[Tensor], list[dict]]:
    listener = Listener()
    embedding = fit(stage, listener, flush_every=100)
    return [embedding.latent, *embedding.noise], listener.curve


def require_equal(device: str) -> None:
    """Fit with and without recordings, and compare results and curves."""
    plain, curve = fitted(prepared(device, graphs=False))
    recorded, recorded_curve = fitted(prepared(device, graphs=True))
    for a, b in zip(plain, recorded, strict=True):
        assert torch.allclose(a, b, atol=1e-5)
    for row, other in zip(curve, recorded_curve, strict=True):
        assert row["loss"] == pytest.approx(other["loss"], rel=1e-4)
        assert row["loss/even"] == pytest.approx(other["loss/even"], rel=1e-4, nan_ok=True)


def test_a_step_may_write_into_the_tensors_of_the_last_one():
    # Results are kept over steps and micro-batches although each overwrites the one before.
    with patch.object(stages, "Replay", Reused):
        stage = prepared("cpu", graphs=False)
        stage.__dict__["replay"] = Reused()
        Reused.recorded = 0
        recorded, curve = fitted(stage)
    plain, plain_curve = fitted(prepared("cpu", graphs=False))
    assert all(a.equal(b) for a, b in zip(plain, recorded, strict=True))
    assert curve == plain_curve
    # Two micro-batches, each with the terms of even and of odd steps.
    assert Reused.recorded == 4


def test_without_a_gpu_nothing_is_recorded():
    assert prepared("cpu", graphs=True).__dict__["replay"] is None


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (configuration, True),
        (lambda: configuration(exploration=Exploration()), False),
        (lambda: configuration(terms={"mse": MSE(weight=ScheduledWeight(1.0, up=0.5))}), False),
        (lambda: configuration(optimise={"weights": Adam(lr=0.1)}), False),
    ],
)
def test_only_steps_that_are_alike_are_recorded(config: Callable[[], StageConfig], expected):
    assert config().replayable == expected


@pytest.mark.gpu
def test_a_recorded_step_computes_the_same():
    require_equal("cuda")


@pytest.mark.gpu
@pytest.mark.parametrize("graphs", [False, True])
def test_no_step_waits_for_the_gpu(graphs):
    original, steps = Stage.training_step, []

    def watched(self, step):
        # A recording itself may wait; what comes behind it may not.
        if step > 2:
            torch.cuda.set_sync_debug_mode("error")
        try:
            original(self, step)
        finally:
            torch.cuda.set_sync_debug_mode("default")
        steps.append(step)

    with patch.object(Stage, "training_step", watched):
        fitted(prepared("cuda", graphs=graphs))
    assert steps == list(range(STEPS))


@pytest.mark.gpu
def test_cpu_and_gpu_agree():
    with configured(Trainer(), 0):
        row = fitted(prepared("cuda", graphs=False))[1][0]
    assert row["loss"] == pytest.approx(
        fitted(prepared("cpu", graphs=False))[1][0]["loss"], rel=1e-4
    )


@pytest.mark.parametrize("device", ["cpu", CUDA])
def test_channels_last_changes_nothing_but_the_rounding(device):
    architecture = StyleGAN2Architecture(mapping=(16, 16, 16), channels=(8, 8, 8))
    generator = random_generator(architecture).to(device)
    w = generator.broadcast(generator.sample_w(2, torch.Generator().manual_seed(1)))
    noise = generator.sample_noise(2, torch.Generator().manual_seed(2))
    with configured(Trainer(), 0):
        plain = generator(w, noise)
        last = generator.to(memory_format=torch.channels_last)(w, noise)
    assert torch.allclose(plain, last, atol=1e-4 * plain.abs().max().item())


def test_arithmetic_is_as_it_was_behind_a_run():
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    for tf32 in (True, False):
        with configured(Trainer(tf32=tf32), 0):
            assert torch.backends.cuda.matmul.allow_tf32 == tf32
            assert torch.backends.cudnn.allow_tf32 == tf32
        after = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
        assert after == before
