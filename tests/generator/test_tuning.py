"""Generators with some other weights, and the small files of what changed."""

import pytest
import torch

from ganvas.errors import ConfigError, InputError
from ganvas.generator.architecture import (
    StyleGAN1Architecture,
    StyleGAN2Architecture,
    StyleGAN3Architecture,
)
from ganvas.generator.delta import Compact, Delta, compacted
from ganvas.generator.mobilestylegan import MobileStyleGAN
from ganvas.generator.random_weights import random_generator
from ganvas.generator.tiny import TinyGenerator
from ganvas.generator.tuning import install, tuned, weights_of, with_weights


def mobile():
    generator = MobileStyleGAN(channels=(8, 8, 8), w_dim=8, depth=2)
    rng = torch.Generator().manual_seed(0)
    state = {k: torch.randn(v.shape, generator=rng) for k, v in generator.state_dict().items()}
    generator.load_state_dict(state)
    return generator.eval()


FAMILIES = {
    "tiny": TinyGenerator,
    "mobile": mobile,
    "stylegan1": lambda: random_generator(StyleGAN1Architecture((8, 8), (6, 6, 4))),
    "skip": lambda: random_generator(StyleGAN2Architecture((8, 8), (6, 6, 4))),
    "resnet": lambda: random_generator(StyleGAN2Architecture((8, 8), (6, 6, 4), layout="resnet")),
    "stylegan3": lambda: random_generator(
        StyleGAN3Architecture((8, 8), resolution=16, channel_base=128, channel_max=6, layers=4)
    ),
}


@pytest.fixture(params=FAMILIES)
def generator(request):
    return FAMILIES[request.param]()


def inputs(generator):
    rng = torch.Generator().manual_seed(1)
    w = torch.randn(1, generator.rows, generator.w_dim, generator=rng)
    return w, generator.sample_noise(1, rng)


def test_all_weights_but_the_mappings_belong_to_a_layer_and_act_behind_it(generator):
    w, noise = inputs(generator)
    names = [layer.name for layer in generator.layers]
    every = weights_of(generator, names)
    state = generator.state_dict()
    for name in state.keys() - set(every):
        assert name.startswith(("mapp", "w_avg")) or name.rpartition(".")[2] in {
            "noise_const", "resample_filter", "up_filter", "down_filter", "magnitude_ema",
            "transform", "freqs", "phases",
        }  # fmt: skip
    image = generator(w, noise)
    before = generator.activations(w, noise, names)
    for index, layer in enumerate(names):
        for name in weights_of(generator, [layer]):
            other = with_weights(generator, {name: state[name] * 1.3 + 0.1})
            assert not torch.equal(other(w, noise), image), name
            if index:
                earlier = other.activations(w, noise, [names[index - 1]])[names[index - 1]]
                assert torch.equal(earlier.features, before[names[index - 1]].features), name


def test_a_twin_shares_what_it_was_not_given(generator):
    w, noise = inputs(generator)
    image = generator(w, noise)
    before = {k: v.clone() for k, v in generator.state_dict().items()}
    name = weights_of(generator, [generator.layers[-1].name])[0]
    leaf = before[name].clone().requires_grad_()
    twin = with_weights(generator, {name: leaf})
    assert torch.equal(twin(w, noise), image)
    twin(w, noise).square().mean().backward()
    assert leaf.grad.abs().sum() > 0
    install(twin, name, leaf.detach() + 1)
    assert not torch.equal(twin(w, noise), image)
    after = generator.state_dict()
    assert all(torch.equal(before[k], after[k]) for k in before)
    assert torch.equal(generator(w, noise), image)
    mine, its = (dict(g.named_parameters()) | dict(g.named_buffers()) for g in (generator, twin))
    assert {k for k in mine if mine[k] is not its[k]} == {name}
    assert (twin.base, twin.source_hash) == (generator, generator.source_hash)


def test_a_delta_is_applied_to_the_base_whoever_is_given():
    generator = TinyGenerator()
    state = generator.state_dict()
    first = Delta({"const": torch.ones_like(state["const"])})
    second = Delta({"convs.0.weight": torch.ones_like(state["convs.0.weight"])})
    once = tuned(generator, first)
    assert tuned(once, first) is once
    assert tuned(generator, None) is generator
    assert torch.equal(once.state_dict()["const"], state["const"] + 1)
    twice = tuned(once, second)
    assert torch.equal(twice.state_dict()["const"], state["const"])
    assert torch.equal(twice.state_dict()["convs.0.weight"], state["convs.0.weight"] + 1)
    assert twice.base is generator


def test_a_delta_of_another_generator_is_named():
    generator = TinyGenerator()
    with pytest.raises(InputError, match="no weight 'cnst' to tune; did you mean 'const'"):
        tuned(generator, Delta({"cnst": torch.ones(1)}))
    with pytest.raises(InputError, match="'const' does not fit tiny"):
        tuned(generator, Delta({"const": torch.ones(3)}))
    with pytest.raises(InputError, match="'const' does not fit tiny"):
        tuned(generator, Delta({"const@left": torch.ones(1, 3)}))
    with pytest.raises(ConfigError, match=r"no layer '4x4\.conv'"):
        weights_of(generator, ["4x4.conv"])


@pytest.mark.parametrize(
    "how", [Compact(2, 8), Compact(2, 16), Compact(None, 8), Compact(None, 16)]
)
def test_a_compact_delta_is_small_and_near(how):
    rng = torch.Generator().manual_seed(0)
    # A matrix of rank 2 in a convolution's shape, a vector, and a number; 1e-5 is a real scale.
    a, b = torch.randn(40, 2, generator=rng), torch.randn(2, 60 * 9, generator=rng)
    changes = {
        "conv": 1e-5 * (a @ b).view(40, 60, 3, 3),
        "bias": torch.randn(40, generator=rng),
        "strength": torch.tensor(0.3),
    }
    delta = compacted(changes, how)
    assert set(delta.names) == set(changes)
    per_number = how.bits // 8
    numbers = 41 + (40 * 540 if how.rank is None else 2 * (40 + 540))
    assert numbers * per_number < delta.size < numbers * per_number + 500
    for name, change in changes.items():
        found = delta.of(name, change.shape)
        assert found.shape == change.shape
        bound = 0.03 if how.bits == 8 else 2e-4
        assert (found - change).norm() <= bound * change.norm()
    assert torch.equal(delta.to("cpu").of("conv", a.shape[:0] + changes["conv"].shape),
                       delta.of("conv", changes["conv"].shape))  # fmt: skip
