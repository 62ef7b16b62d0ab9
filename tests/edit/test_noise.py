"""Noise that was fitted ends where something else begins."""

from dataclasses import replace

import pytest
import torch

from ganvas.edit import RenewNoise

ROUNDING = {"rtol": 2**-11, "atol": 1e-6}
"""Noise is left as float16 holds it."""


def rounded(noise):
    return noise.half().float()


@pytest.fixture
def half(scene):
    """The left half of x, with a ramp at its edge."""
    ramp = torch.linspace(2, -1, scene.generator.resolution).clamp(0, 1)
    scene.masks["m"] = ramp.expand(2, 1, scene.generator.resolution, -1).clone()
    return scene


def test_the_noise_is_new_inside_and_as_it_was_outside(half):
    before = half.embeddings["x"].noise
    RenewNoise({"x": "m"}, seed=3).apply(half)
    drawn = half.generator.sample_noise(1, torch.Generator().manual_seed(3))
    for old, new, found in zip(before, drawn, half.embeddings["x"].noise, strict=True):
        side = old.shape[-1]
        assert torch.equal(found[..., 0], rounded(new)[..., 0].expand_as(found[..., 0]))
        assert torch.equal(found[..., -1], rounded(old)[..., -1])
        if side == half.generator.resolution:
            share = half.masks["m"][0, 0, 0]
            assert torch.allclose(found, old + share * (new - old), **ROUNDING)


def test_noise_that_nothing_was_fitted_to_stays_as_it_is(half):
    noise = tuple(half.generator.noise_of(3, 2))
    x = half.embeddings["x"]
    half.embeddings["x"] = replace(x, noise=noise)
    RenewNoise({"x": "m"}, seed=3).apply(half)
    for old, found in zip(noise, half.embeddings["x"].noise, strict=True):
        assert torch.allclose(found, old, **ROUNDING)


def test_several_embeddings_at_once_and_the_picture_is_that_of_x(half):
    y = half.embeddings["y"].latent
    picture = RenewNoise({"y": "1", "x": "m"}, seed=3).apply(half)
    assert torch.equal(picture, half.embeddings["x"].render(half.generator))
    assert half.embeddings["y"].latent.equal(y)
    for new, found in zip(half.generator.noise_of(3, 2), half.embeddings["y"].noise, strict=True):
        assert torch.equal(found, rounded(new))
