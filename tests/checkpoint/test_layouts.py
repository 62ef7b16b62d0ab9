"""Every layout, written with its real structure, gives back the generator that it came from."""

import pytest
import torch

from ganvas.checkpoint.build import build
from ganvas.checkpoint.open import open_checkpoint
from ganvas.generator.random_weights import random_generator

CASES = [
    *(("nvidia_pickle", name, "pickle") for name in ("skip", "resnet", "orig", "conditional")),
    *(("nvidia_pickle", name, "pickle") for name in ("clamped", "stylegan3t", "stylegan3r")),
    ("nvidia_pickle", "skip", "pickle2"),
    ("nvidia_pickle", "skip", "pickle5"),
    ("nvidia_module", "skip", "torch"),
    ("nvidia_module", "stylegan3r", "torch"),
    ("nvidia_module", "skip", "torch-legacy"),
    ("nvidia_names", "skip", "torch"),
    ("nvidia_names", "resnet", "torch-legacy"),
    *(("tensorflow2", name, "pickle") for name in ("skip", "resnet", "orig", "conditional")),
    ("tensorflow2", "skip", "pickle2"),
    ("tensorflow2", "skip", "pickle5"),
    ("tensorflow1", "stylegan1", "pickle"),
    ("port1", "stylegan1", "torch"),
    ("port1", "stylegan1", "torch-legacy"),
]


@pytest.mark.parametrize(("layout", "name", "how"), CASES)
def test_the_file_draws_what_its_weights_drew(writers, save, layout, name, how):
    architecture = writers.ARCHITECTURES[name]
    original = random_generator(architecture, seed=3)
    path = save(getattr(writers, layout)(architecture, original.state_dict()), how)

    checkpoint = open_checkpoint(path)
    read = build(checkpoint)

    assert len(checkpoint.source_hash) == 64
    assert read.family == checkpoint.family == original.family
    for key, value in original.state_dict().items():
        if layout == "port1" and key.endswith(("w_avg", "noise_const")):
            continue
        atol = 1e-6 if layout.startswith("tensorflow") else 0
        torch.testing.assert_close(read.state_dict()[key], value, rtol=0, atol=atol)
    settings = {"half", "clamp"} if layout in ("nvidia_names", "tensorflow2") else set()
    settings |= {"epsilon"} if layout == "port1" else set()
    expected = {k: v for k, v in original.hyperparameters.items() if k not in settings}
    assert {k: v for k, v in read.hyperparameters.items() if k not in settings} == expected

    w = torch.randn(2, original.rows, 8, generator=torch.Generator().manual_seed(0))
    noise = original.sample_noise(2, torch.Generator().manual_seed(1))
    tolerance = 1e-2 if layout == "port1" else 1e-5
    torch.testing.assert_close(read(w, noise), original(w, noise), rtol=0, atol=tolerance)


def test_rosinality_with_arguments_and_optimiser(writers, save):
    from ganvas.checkpoint import rosinality

    original = random_generator(writers.SKIP)
    content = rosinality.write(writers.SKIP, original.state_dict())
    content |= {"args": writers.namespace(size=16), "g_optim": {"state": {}, "lr": 0.002}, "d": {}}
    for how in ("torch", "torch-legacy"):
        read = build(open_checkpoint(save(content, how)))
        for key, value in original.state_dict().items():
            assert torch.equal(read.state_dict()[key], value), key


def test_a_missing_mean_is_that_of_many_samples(writers, save):
    original = random_generator(writers.ARCHITECTURES["conditional"])
    state = writers.nvidia_names(writers.ARCHITECTURES["conditional"], original.state_dict())
    del state["mapping.w_avg"]
    read = build(open_checkpoint(save(state, "torch")))

    z = torch.randn(20_000, 8, generator=torch.Generator().manual_seed(9))
    labels = torch.eye(5)[torch.arange(len(z)) % 5]
    torch.testing.assert_close(read.w_avg, original.mapping(z, labels).mean(0), rtol=0, atol=0.05)
    again = build(open_checkpoint(save(state, "torch")))
    assert torch.equal(read.w_avg, again.w_avg)
