"""L-BFGS for the noise in coordinates in which every scalar moves the image alike."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from fitting import Listener, fit
from ganvas.errors import ConfigError
from ganvas.functional.quality import mse
from ganvas.generator.architecture import StyleGAN2Architecture
from ganvas.generator.random_weights import random_generator
from ganvas.generator.tiny import TinyGenerator
from ganvas.layers import All
from ganvas.loss import MSE, Block
from ganvas.optimizer import LBFGS, Adam, Schedule
from ganvas.optimizer.batch_lbfgs import BatchLBFGS, units
from ganvas.optimizer.sensitivity import blurred, noise_squares
from ganvas.stage import Scene, StageConfig
from ganvas.stage.stage import Stage
from ganvas.start import WAvg

NEWTON = LBFGS(lr=1.0, history=8, scaling="sensitivity", schedule=Schedule(up=0, down=0))
ADAM = Adam(
    lr=0.03, lr_units="image", betas=(0.8, 0.95), eps=1e-15, schedule=Schedule(up=0.05, down=0.6)
)


@pytest.fixture(scope="module")
def generator():
    return TinyGenerator(resolution=32, channels=8, w_dim=16).eval()


def photographs() -> Tensor:
    rng = torch.Generator().manual_seed(7)
    rough = torch.rand(2, 3, 16, 16, generator=rng) * 2 - 1
    return torch.nn.functional.interpolate(rough, size=32, mode="bilinear")


def fitted(
    generator, x, optimizer, steps, listener=None, state=None, micro_batch=2
) -> list[Tensor]:
    """Fit the noise alone; return the maps."""
    start = WAvg().begin(generator, tuple("ab"[: len(x)]), seed=3)
    config = StageConfig(
        optimise={"noise": optimizer}, layers=All(), objective={"n": Block({"mse": MSE()})},
        steps=steps,
    )  # fmt: skip
    stage = Stage(config, Scene(generator, {"x": x}, {}, lambda: start), micro_batch)
    return list(fit(stage, listener, state).noise)


def error(generator, x, noise) -> Tensor:
    w = generator.broadcast(generator.w_avg.expand(len(x), -1))
    return mse(generator(w, noise), x)


def test_half_of_adams_evaluations_come_nearer():
    # Maps of full size and strength, as StyleGAN2's; the scaling costs about three evaluations.
    architecture = StyleGAN2Architecture(mapping=(16, 16), channels=(16, 16, 16, 8))
    full = random_generator(architecture)
    w = full.broadcast(full.w_avg.expand(2, -1))
    with torch.no_grad():
        drawn = full(w, full.sample_noise(2, torch.Generator().manual_seed(1)))
    spread = drawn.std((1, 2, 3), keepdim=True)
    x = drawn.mean((2, 3), keepdim=True) + photographs() * spread
    newton = error(full, x, fitted(full, x, NEWTON, 27))
    adam = replace(ADAM, lr=0.03 * spread.mean().item())
    assert (newton < error(full, x, fitted(full, x, adam, 60))).all()


def test_the_scaling_is_what_makes_it_fast(generator):
    x = photographs()
    scaled = error(generator, x, fitted(generator, x, NEWTON, 20))
    plain = LBFGS(lr=1.0, history=8, schedule=Schedule(up=0, down=0))
    assert (scaled < 0.7 * error(generator, x, fitted(generator, x, plain, 20))).all()


@pytest.mark.parametrize("micro_batch", [1, 2])
def test_neighbours_change_nothing(generator, micro_batch):
    x = photographs()
    together = fitted(generator, x, NEWTON, 8, micro_batch=micro_batch)
    for i in range(2):
        start = fitted(generator, x[i : i + 1], NEWTON, 8)
        # Both photographs start with the noise of the first one's seed.
        for map_together, alone in zip(together, start, strict=True):
            assert torch.allclose(map_together[i], alone[0], atol=2e-3)


def test_a_stage_that_goes_on_ends_as_one_that_was_not_stopped(generator):
    x, listener = photographs(), Listener(save=3)
    whole = fitted(generator, x, NEWTON, 8, listener)
    again = fitted(generator, x, NEWTON, 8, state=listener.state)
    assert all(a.equal(b) for a, b in zip(whole, again, strict=True))


def test_squares_are_those_of_the_jacobian(generator):
    w = generator.broadcast(generator.w_avg[None])
    noise = [
        n.requires_grad_() for n in generator.sample_noise(1, torch.Generator().manual_seed(0))
    ]
    found = noise_squares(generator(w, noise), noise, probes=200)
    at = 1

    def image(one: Tensor) -> Tensor:
        return generator(w, [*noise[:at], one, *noise[at + 1 :]])

    jacobian = torch.autograd.functional.jacobian(image, noise[at]).flatten(0, 3).flatten(1)
    expected = jacobian.square().mean(0).view_as(noise[at])
    assert torch.allclose(found[at], expected, rtol=0.6, atol=0.05 * expected.mean().item())
    assert found[at].mean() == pytest.approx(expected.mean().item(), rel=0.05)


def test_scaling_is_a_change_of_coordinates():
    # f(x) = Σ aᵢ (xᵢ − 1)² + a coupling; with y = √s x it is the same without scaling.
    squares = torch.tensor([[4.0, 1.0, 0.25, 9.0]])
    curved = torch.diag(squares[0]) + 0.1

    def gradient(x: Tensor) -> Tensor:
        return (x - 1) @ curved

    x = torch.nn.Parameter(torch.zeros(1, 4))
    scaled = BatchLBFGS([x], 1.0, 5, lambda: [squares], first=0.1)
    y = torch.nn.Parameter(torch.zeros(1, 4))
    unit = units([squares])
    alone = BatchLBFGS([y], 1.0, 5, lambda: [torch.ones_like(squares)], first=0.1)
    for _ in range(6):
        x.grad, y.grad = gradient(x.detach()), gradient(y.detach() * unit) * unit
        scaled.step()
        alone.step()
        assert torch.allclose(x, y * unit, atol=1e-6)
    assert (x - 1).abs().max() < 0.02


def test_what_hardly_moves_the_image_moves_no_further_than_its_neighbours():
    found = units([torch.tensor([[[[4.0, 0.0], [0.0, 4.0]]]])])
    # The floor is a twentieth of the mean, 2.
    assert found[0].tolist() == pytest.approx([0.5, 10**0.5, 10**0.5, 0.5])


def test_neighbourhoods_share_their_sensitivity():
    single = torch.zeros(1, 1, 9, 9)
    single[0, 0, 4, 4] = 25.0
    spread = blurred(single)
    assert spread[0, 0, 2:7, 2:7].eq(1).all()
    assert spread.sum() == pytest.approx(25.0)
    assert blurred(single[..., :4, :4]).equal(single[..., :4, :4])


def test_the_sensitivity_is_that_of_noise():
    NEWTON.check("noise")
    with pytest.raises(ConfigError, match=r"optimizer\.latent\.scaling=sensitivity"):
        NEWTON.check("latent")
