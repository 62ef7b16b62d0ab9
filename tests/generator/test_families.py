"""StyleGAN1, 2 and 3 through the interface: golden numbers, resuming, edits, labels, precision."""

import math
from dataclasses import asdict

import pytest
import torch

from ganvas.errors import ConfigError
from ganvas.generator.architecture import (
    StyleGAN1Architecture,
    StyleGAN2Architecture,
    StyleGAN3Architecture,
)
from ganvas.generator.base import Activation
from ganvas.generator.random_weights import random_generator
from ganvas.generator.stylegan3 import StyleGAN3
from ganvas.layers import row_resolutions
from ganvas.stage.variables import first_affected

SKIP = StyleGAN2Architecture(mapping=(8, 8, 8), channels=(6, 6, 4))
ARCHITECTURES = {
    "stylegan1": StyleGAN1Architecture(mapping=(8, 8, 8), channels=(6, 6, 4)),
    "skip": SKIP,
    "resnet": StyleGAN2Architecture(mapping=(8, 8, 8), channels=(6, 6, 4), layout="resnet"),
    "orig": StyleGAN2Architecture(mapping=(8, 8, 8), channels=(6, 6, 4), layout="orig"),
    "no noise": StyleGAN2Architecture(mapping=(8, 8, 8), channels=(6, 6, 4), noise=False),
    "stylegan3t": StyleGAN3Architecture(
        mapping=(8, 8), resolution=16, channel_base=128, channel_max=6, layers=4
    ),
    "stylegan3r": StyleGAN3Architecture(
        mapping=(8, 8), resolution=16, channel_base=128, channel_max=6, layers=4, kernel=1,
        radial=True,
    ),
}  # fmt: skip


@pytest.fixture(params=ARCHITECTURES)
def case(request):
    generator = random_generator(ARCHITECTURES[request.param])
    rng = torch.Generator().manual_seed(1)
    w = torch.randn(2, generator.rows, generator.w_dim, generator=rng)
    return generator, w, generator.sample_noise(2, rng)


def test_resuming_anywhere_gives_the_same_image(case):
    generator, w, noise = case
    image = generator(w, noise)
    assert image.shape == (2, 3, 16, 16)
    states = generator.activations(w, noise, [layer.name for layer in generator.layers])
    for layer in generator.layers:
        state = states[layer.name]
        size = state.features.shape[-1]
        assert state.features.shape == (2, layer.channels, size, size)
        # Only StyleGAN3 computes more samples than its signal needs, and a margin around them.
        inside = size - 2 * layer.margin
        assert inside == layer.resolution or (not noise and inside > layer.resolution)
        assert torch.equal(generator(w, noise, resume=(layer.name, state)), image)


def test_an_edit_of_an_activation_changes_the_image(case):
    generator, w, noise = case
    image = generator(w, noise)
    for layer in generator.layers:
        name = layer.name
        kept = generator(w, noise, edits={name: lambda s: Activation(s.features * 1, s.rgb)})
        assert torch.equal(kept, image)
        edited = generator(w, noise, edits={name: lambda s: Activation(s.features * 0.5, s.rgb)})
        assert not torch.allclose(edited, image)


def test_every_row_and_noise_map_has_the_effect_that_is_said(case):
    generator, w, noise = case
    w.requires_grad_()
    for n in noise:
        n.requires_grad_()
    target = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(2))
    (generator(w, noise) * target).sum().backward()
    moved = tuple(row for row in range(generator.rows) if w.grad[:, row].abs().sum() > 0)
    assert moved == generator.effective_rows
    assert all(n.grad.abs().sum() > 0 for n in noise)
    assert [n.shape[-1] for n in noise] == list(generator.noise_resolutions)
    assert {layer.row for layer in generator.layers} <= set(range(generator.rows))


def test_styles_are_a_space_of_their_own(case):
    generator, w, noise = case
    styles = generator.styles(w)
    assert torch.equal(generator.synthesis(styles, noise), generator(w, noise))
    for index in range(len(styles)):
        changed = [s * 1.5 + 0.1 if i == index else s for i, s in enumerate(styles)]
        assert not torch.allclose(generator.synthesis(changed, noise), generator(w, noise))


def test_the_layer_reads_its_row_and_adds_its_noise(case):
    generator, w, noise = case
    for layer in generator.layers:
        before = generator.activations(w, noise, [layer.name])[layer.name].features
        other = w.clone()
        other[:, layer.row] += 1
        after = generator.activations(other, noise, [layer.name])[layer.name].features
        assert not torch.allclose(before, after)
        if layer.noise is not None:
            louder = [n + 1.0 * (i == layer.noise) * n for i, n in enumerate(noise)]
            after = generator.activations(w, louder, [layer.name])[layer.name].features
            assert not torch.allclose(before, after)


def test_gradients_agree_with_double_precision(case):
    generator, w, noise = case
    target = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(2))

    def gradient(dtype):
        leaf = w.to(dtype).requires_grad_()
        image = generator.to(dtype)(leaf, [n.to(dtype) for n in noise])
        (image * target.to(dtype)).mean().backward()
        return leaf.grad

    exact = gradient(torch.float64).float()
    torch.testing.assert_close(gradient(torch.float32), exact, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["skip", "resnet", "stylegan3t"])
def test_half_precision_is_near(name):
    full = ARCHITECTURES[name]
    changes = {f: getattr(full, f) for f in full.__dataclass_fields__} | {"half": 2, "clamp": 256.0}
    generator = random_generator(type(full)(**changes))
    w = torch.randn(1, generator.rows, 8, generator=torch.Generator().manual_seed(1))
    noise = generator.fixed_noise()
    exact = generator(w, noise)
    generator.use_half()
    last = generator.layers[-1].name
    half = generator.activations(w, noise, [last])[last].features
    assert half.dtype == torch.float16
    image = generator(w, noise)
    assert image.dtype == torch.float32
    assert 0 < (image - exact).abs().max() < 0.05 * exact.abs().max()


def test_clamp():
    clamped = StyleGAN2Architecture(mapping=(8, 8, 8), channels=(6, 6, 4), clamp=0.25)
    generator = random_generator(clamped)
    w = torch.randn(1, generator.rows, 8)
    states = generator.activations(w, generator.fixed_noise(), [x.name for x in generator.layers])
    assert max(state.features.abs().max() for state in states.values()) == 0.25


@pytest.mark.parametrize("kind", [StyleGAN1Architecture, StyleGAN2Architecture])
def test_labels(kind):
    architecture = kind(mapping=(16, 8, 8), channels=(6, 4), classes=3, embedding=8)
    generator = random_generator(architecture)
    z = torch.randn(4, 8)
    with pytest.raises(ConfigError, match="one of 0 to 2"):
        generator.mapping(z)
    with pytest.raises(ConfigError, match="0 to 2"):
        generator.use_label(3)
    generator.use_label(1)
    assert torch.equal(generator.mapping(z), generator.mapping(z, torch.eye(3)[[1, 1, 1, 1]]))
    other = generator.mapping(z, torch.eye(3)[[0, 2, 2, 0]])
    assert not torch.allclose(generator.mapping(z), other)
    with pytest.raises(ConfigError, match="no classes"):
        random_generator(SKIP).use_label(0)


def test_frozen_statistics_keep_a_local_change_local():
    generator = random_generator(StyleGAN1Architecture(mapping=(8, 8), channels=(4, 4, 4, 4, 4)))
    rng = torch.Generator().manual_seed(1)
    w = torch.randn(1, generator.rows, 8, generator=rng)
    noise = generator.sample_noise(1, rng)
    frozen = generator.freeze_statistics(w, noise)
    torch.testing.assert_close(frozen(w, noise), generator(w, noise), rtol=0, atol=1e-5)

    def corner(state):
        features = state.features.clone()
        features[..., 0, 0] += 10
        return Activation(features, state.rgb)

    edits = {"16x16.conv0": corner}
    far = (..., slice(48, None), slice(48, None))
    assert torch.equal(frozen(w, noise, edits=edits)[far], frozen(w, noise)[far])
    assert not torch.equal(generator(w, noise, edits=edits)[far], generator(w, noise)[far])
    assert not torch.equal(frozen(w, noise, edits=edits), frozen(w, noise))


def test_a_stylegan3_layer_counts_by_what_its_cutoff_lets_through():
    full = StyleGAN3Architecture(mapping=(8, 8), resolution=1024, channel_base=64)
    with torch.device("meta"):
        generator = StyleGAN3(**asdict(full))
    # Cutoffs grow from 2 to 512 cycles per image in 12 equal ratios; Karras et al. 2021.
    cutoffs = [2 * 256 ** (min(i, 12) / 12) for i in range(14)]
    expected = [2 ** math.ceil(math.log2(2 * c) - 1e-6) for c in cutoffs]
    assert [layer.resolution for layer in generator.layers] == expected
    assert [layer.margin for layer in generator.layers] == [10] * 13 + [0]
    resolutions = row_resolutions(generator)
    assert (resolutions[0], resolutions[1], resolutions[15]) == (4, 4, 1024)


def test_a_row_that_only_the_input_reads_moves_everything_behind_it():
    generator = random_generator(ARCHITECTURES["stylegan3t"])
    assert first_affected(generator, (0,), ()) == first_affected(generator, (0, 3), ()) == 0
    assert first_affected(generator, (3,), ()) == 2
