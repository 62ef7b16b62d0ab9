"""The interface, on the tiny generator: what every family inherits."""

import json

import pytest
import torch

from ganvas.checkpoint.generator_file import load_generator_file, save_generator
from ganvas.errors import CheckpointError, ConfigError
from ganvas.generator import Activation
from ganvas.generator.tiny import TinyConfig, TinyGenerator


@pytest.fixture(scope="module")
def generator():
    return TinyConfig(resolution=16, channels=6, w_dim=8).load()


@pytest.fixture
def inputs(generator):
    rng = torch.Generator().manual_seed(1)
    w = torch.randn(2, generator.rows, generator.w_dim, generator=rng)
    return w, generator.sample_noise(2, rng)


def test_running_from_any_layers_activation_equals_the_full_run(generator, inputs):
    names = [layer.name for layer in generator.layers]
    full = generator(*inputs)
    states = generator.activations(*inputs, names)
    for layer in generator.layers:
        state = states[layer.name]
        assert state.features.shape == (2, layer.channels, layer.resolution, layer.resolution)
        assert torch.equal(generator(*inputs, resume=(layer.name, state)), full)
        copy = Activation(state.features.contiguous().clone(), state.rgb.clone())
        assert torch.equal(generator(*inputs, resume=(layer.name, copy)), full)


def test_an_edit_replaces_what_follows(generator, inputs):
    w, noise = inputs
    name = "8x8.conv1"
    other = generator.activations(w.flip(0), [n.flip(0) for n in noise], [name])[name]
    edited = generator(w, noise, edits={name: lambda state: other})
    assert torch.equal(edited, generator(w, noise, resume=(name, other)))
    assert not torch.allclose(edited, generator(w, noise))
    untouched = generator(w, noise, edits={name: lambda state: state})
    assert torch.equal(untouched, generator(w, noise))


def test_activations_after_resuming(generator, inputs):
    state = generator.activations(*inputs, ["8x8.conv0"])["8x8.conv0"]
    found = generator.activations(
        *inputs, ["8x8.conv0", "16x16.conv1"], resume=("8x8.conv0", state)
    )
    wanted = generator.activations(*inputs, ["16x16.conv1"])["16x16.conv1"]
    assert found["8x8.conv0"] is state
    assert torch.equal(found["16x16.conv1"].features, wanted.features)
    with pytest.raises(ConfigError, match=r"'4x4\.conv1' comes before '8x8\.conv0'"):
        generator.activations(*inputs, ["4x4.conv1"], resume=("8x8.conv0", state))


def test_activations_run_no_further_than_asked(generator, inputs, monkeypatch):
    run = []
    layer = generator.layer
    monkeypatch.setattr(generator, "layer", lambda i, *a: (run.append(i), layer(i, *a))[1])
    generator.activations(*inputs, ["8x8.conv0"])
    assert run == [0, 1]


def test_an_unknown_layer_is_refused_with_the_nearest(generator, inputs):
    with pytest.raises(ConfigError, match=r"did you mean '8x8\.conv1'"):
        generator(*inputs, edits={"8x8.conv2": lambda state: state})


def test_images_of_a_batch_do_not_depend_on_each_other(generator, inputs):
    w, noise = inputs
    alone = generator(w[:1], [n[:1] for n in noise])
    torch.testing.assert_close(generator(w, noise)[:1], alone, rtol=1e-5, atol=1e-5)


def test_rows_without_effect_have_no_gradient_and_all_others_have_one(generator, inputs):
    w, noise = inputs
    w = w.clone().requires_grad_()
    generator(w, noise).square().sum().backward()
    moved = w.grad.abs().amax(dim=(0, 2)) > 0
    assert tuple(moved.nonzero().flatten().tolist()) == generator.effective_rows
    assert len(generator.effective_rows) < generator.rows


def test_every_noise_map_changes_the_image(generator, inputs):
    w, noise = inputs
    noise = [n.clone().requires_grad_() for n in noise]
    generator(w, noise).square().sum().backward()
    assert all(n.grad.abs().max() > 0 for n in noise)
    assert [n.shape[-1] for n in noise] == list(generator.noise_resolutions)


def test_no_weight_takes_part_in_training(generator):
    assert not list(generator.parameters())


def test_the_image_lies_in_range_and_hears_w_and_noise(generator):
    rng = torch.Generator().manual_seed(0)
    w, noise = generator.broadcast(generator.sample_w(64, rng)), generator.sample_noise(64, rng)
    image = generator(w, noise)
    assert 0.2 < image.std() < 0.6
    assert (image.abs() < 1).float().mean() > 0.95
    average = generator.broadcast(generator.w_avg.expand(64, -1))
    assert (image - generator(average, noise)).std() > 0.1
    assert (image - generator(w, generator.sample_noise(64, rng))).std() > 0.1


def test_truncation_pulls_the_first_rows(generator):
    w = generator.broadcast(generator.sample_w(3, torch.Generator().manual_seed(0)))
    assert torch.equal(generator.truncate(w, 1.0), w)
    torch.testing.assert_close(
        generator.truncate(w, 0.0), generator.broadcast(generator.w_avg[None]).expand_as(w)
    )
    half = generator.truncate(w, 0.5, cutoff=2)
    torch.testing.assert_close(half[:, :2], (w[:, :2] + generator.w_avg) / 2)
    assert torch.equal(half[:, 2:], w[:, 2:])


def test_fixed_noise_is_always_the_same(generator):
    first, second = generator.fixed_noise(2), generator.fixed_noise(1)
    assert all(torch.equal(a[1:], b) for a, b in zip(first, second, strict=True))


def test_a_saved_generator_draws_the_same_image(generator, inputs, tmp_path):
    save_generator(generator, tmp_path / "g.safetensors")
    again = load_generator_file(TinyGenerator, tmp_path / "g.safetensors")
    assert torch.equal(again(*inputs), generator(*inputs))
    assert again.source_hash == generator.source_hash
    assert [f.name for f in tmp_path.iterdir()] == ["g.safetensors"]


def test_the_hash_follows_the_weights():
    first = TinyConfig(resolution=8).load()
    assert first.source_hash == TinyConfig(resolution=8).load().source_hash
    assert first.source_hash != TinyConfig(resolution=8, seed=1).load().source_hash


def test_unsuitable_files_are_refused(generator, tmp_path):
    from safetensors.torch import save_file

    from ganvas.generator.mobilestylegan import MobileStyleGAN

    save_generator(generator, tmp_path / "tiny.safetensors")
    with pytest.raises(CheckpointError, match=r"did you mean 'tiny\.safetensors'"):
        load_generator_file(TinyGenerator, tmp_path / "tny.safetensors")
    with pytest.raises(CheckpointError, match="holds a tiny, not a mobilestylegan"):
        load_generator_file(MobileStyleGAN, tmp_path / "tiny.safetensors")
    (tmp_path / "broken.safetensors").write_bytes(b"hello")
    with pytest.raises(CheckpointError, match="not a readable safetensors file"):
        load_generator_file(TinyGenerator, tmp_path / "broken.safetensors")
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(CheckpointError, match="no generator written by ganvas"):
        load_generator_file(TinyGenerator, tmp_path / "other.safetensors")
    metadata = {"family": "tiny", "config": "{}"}
    save_file({"w_avg": torch.zeros(1)}, tmp_path / "lacking.safetensors", metadata)
    with pytest.raises(CheckpointError, match="does not fit a tiny") as error:
        load_generator_file(TinyGenerator, tmp_path / "lacking.safetensors")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"channels": []}, "hyper-parameter 'channels' is wrong"),
        ({"channels": {"a": 1}}, "hyper-parameter 'channels'"),
        ({"channels": [8] * 40}, "hyper-parameter 'channels' is wrong"),
        ({"channels": [8, 8, 8], "w_dim": 8, "depth": 10**9}, "hyper-parameter 'depth' is wrong"),
        ({"channels": [8, 8, 8], "w_dim": 8, "depth": 3}, "is missing"),
        ({"channels": [8, 8, 8], "w_dim": 8, "depth": 2}, "'w_avg' holds numbers that are not"),
    ],
)
def test_a_mobilestylegan_is_checked_as_every_family(tmp_path, config, words):
    from ganvas.generator.mobilestylegan import MobileStyleGAN
    from ganvas.system.tensors import write_tensors

    made = MobileStyleGAN((8, 8, 8), 8, 2).state_dict()
    weights = {name: torch.ones_like(value) for name, value in made.items()}
    weights["w_avg"][0] = torch.nan
    metadata = {"family": "mobilestylegan", "config": json.dumps(config)}
    write_tensors(tmp_path / "g.safetensors", weights, metadata)
    with pytest.raises(CheckpointError, match=words) as error:
        load_generator_file(MobileStyleGAN, tmp_path / "g.safetensors")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("resolution", [4, 12, 0])
def test_tiny_wants_a_power_of_two(resolution):
    with pytest.raises(ConfigError, match="a power of two"):
        TinyConfig(resolution=resolution)
