"""Stages on a GPU: all is where it belongs, steps wait for nothing, and end as on the CPU."""

from __future__ import annotations

import functools
from unittest.mock import patch

import pytest
import torch

from families import MAKERS
from fitting import Listener, fit
from ganvas.layers import All
from ganvas.loss import L1, MSE, Block
from ganvas.optimizer import LBFGS, Adam, RandomSearch
from ganvas.stage import (
    ActivationSite,
    Draft,
    EarlyStopping,
    Exploration,
    Locality,
    Scene,
    StageConfig,
)
from ganvas.stage.scene import automatic_micro_batch
from ganvas.stage.stage import Stage
from ganvas.start import Random, WAvg
from pretended_gpu import pretended_gpu, waits

STEPS = 3
ADAM = Adam(lr=0.01)
NOISE = {"latent": ADAM, "noise": ADAM}
BLOCKS = {
    "in": Block({"mse": MSE(), "l1": L1()}, mask="m"),
    "out": Block({"mse": MSE()}, mask="1 - m"),
}


def stage(device: str, family: str, optimise, space="w+", count=2, **more) -> Stage:
    generator = MAKERS[family]().requires_grad_(False).to(device)
    size = generator.resolution
    rng = torch.Generator().manual_seed(1)
    x = torch.rand(count, 3, size, size, generator=rng) * 2 - 1
    mask = torch.zeros(count, 1, size, size)
    mask[..., : size // 2] = 1
    names = tuple(map(str, range(count)))
    start = (Random if space == "z" else WAvg)(space).begin(generator, names, seed=3)
    scene = Scene(generator, {"x": x.to(device)}, {"m": mask.to(device)}, lambda: start.to(device))
    more.setdefault("objective", BLOCKS)
    config = StageConfig(optimise=optimise, layers=All(), steps=STEPS, **more)
    return Stage(config, scene, count)


def fitted(device: str, *arguments, state=None, **options):
    """Return the embedding on the CPU, what each step waited for, and the listener."""
    listener, seen, original = Listener(save=1), [], Stage.training_step

    @functools.wraps(original)
    def step(self, index):
        before = len(waits)
        original(self, index)
        seen.append(waits[before:])

    with patch.object(Stage, "training_step", step):
        embedding = fit(stage(device, *arguments, **options), listener, state=state)
    return embedding.to("cpu"), seen, listener


def require_alike(one, other) -> None:
    assert torch.allclose(one.latent, other.latent, atol=1e-4)
    for a, b in zip(one.noise, other.noise, strict=True):
        assert torch.allclose(a, b, atol=1e-3)


@pytest.mark.parametrize("family", MAKERS)
def test_a_family(family):
    optimise = {"latent": ADAM} if family == "stylegan3" else NOISE
    with pretended_gpu():
        there, waited, _ = fitted("cuda", family, optimise)
    here, _, _ = fitted("cpu", family, optimise)
    assert waited == [[]] * STEPS
    require_alike(there, here)


OPTIONS = {
    "z": {"optimise": {"latent": ADAM}, "space": "z"},
    "w": {"optimise": {"latent": ADAM}, "space": "w"},
    "s": {"optimise": {"latent": ADAM}, "space": "s"},
    "radam": {"optimise": {"latent": Adam(lr=0.01, algorithm="radam")}},
    "l-bfgs": {"optimise": {"latent": LBFGS(lr=0.5)}},
    "by turns": {"optimise": NOISE, "alternate": True, "normalise_noise": True, "tied": 0.5},
    "exploration": {"optimise": {"latent": ADAM}, "exploration": Exploration()},
    "early stopping": {"optimise": NOISE, "early_stopping": EarlyStopping()},
    "drafts": {"optimise": {"latent": ADAM}, "draft": Draft(resolution=8)},
    "random search": {"optimise": {"latent": RandomSearch(population=2)}, "space": "z"},
    "activation": {
        "optimise": {"latent": ADAM, "activation": ADAM}, "activation": ActivationSite(8, "m"),
    },
    "weights": {
        "optimise": {"weights": Adam(lr=1e-3, lr_units="rms")}, "count": 1,
        "locality": Locality({"mse": MSE()}),
    },
}  # fmt: skip


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option(name):
    with pretended_gpu():
        there, waited, _ = fitted("cuda", "tiny", **OPTIONS[name])
    here, _, _ = fitted("cpu", "tiny", **OPTIONS[name])
    assert waited == [[]] * STEPS
    require_alike(there, here)


def test_the_sensitivity_of_noise_waits_in_the_first_step_alone():
    newton = {"noise": LBFGS(lr=0.5, scaling="sensitivity")}
    with pretended_gpu():
        _, waited, _ = fitted("cuda", "tiny", newton)
    assert waited[1:] == [[]] * (STEPS - 1)


@pytest.mark.parametrize("algorithm", ["adam", "radam", "adamax"])
def test_steps_of_a_continued_stage_wait_for_nothing(algorithm):
    optimise = {"latent": Adam(lr=0.01, algorithm=algorithm)}
    with pretended_gpu():
        whole, _, listener = fitted("cuda", "tiny", optimise)
        again, waited, _ = fitted("cuda", "tiny", optimise, state=listener.state)
    assert waited == [[]] * (STEPS - 1)
    assert again.latent.equal(whole.latent)


@pytest.mark.parametrize(
    ("family", "space"), [*((family, "z") for family in MAKERS), ("tiny", "w"), ("tiny", "w+")]
)
def test_bfloat16(family, space):
    # As the trainer has it: casts are those of a GPU, which differ from the CPU's.
    original = Stage.training_step

    @functools.wraps(original)
    def step(self, index):
        with torch.autocast("cuda", torch.bfloat16):
            original(self, index)

    with pretended_gpu(), patch.object(Stage, "training_step", step):
        found, _, _ = fitted("cuda", family, {"latent": ADAM}, space=space)
    assert found.latent.isfinite().all()


def test_memory_that_earlier_runs_left_to_torch_is_free_for_images():
    # A process whose first run filled the device: torch holds what it no longer needs.
    memory = {"mem_get_info": (2 << 30, 80 << 30), "memory_reserved": 70 << 30,
              "memory_allocated": 7 << 30}  # fmt: skip
    with patch.multiple(torch.cuda, **{n: lambda _, v=v: v for n, v in memory.items()}):
        assert automatic_micro_batch(torch.device("cuda"), 1024, 100) == 20
        assert automatic_micro_batch(torch.device("cuda"), 1024, 4) == 4


def test_what_a_gpu_would_refuse_is_refused():
    with pretended_gpu():
        there = torch.ones(2, device="cuda")
        assert there.device.type == "cuda"
        with pytest.raises(RuntimeError):
            there + torch.ones(2)
        with pytest.raises(RuntimeError):
            torch.randn(2, generator=torch.Generator(), device="cuda")
        with pytest.raises((RuntimeError, TypeError)):
            there.numpy()
        assert (there + torch.ones(2).to("cuda")).sum().item() == 4
