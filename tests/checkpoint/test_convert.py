"""Conversions keep every number that both layouts hold, to the bit."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from ganvas.checkpoint.build import build
from ganvas.checkpoint.convert import convert
from ganvas.checkpoint.from_file import StyleGAN2Config
from ganvas.checkpoint.generator_file import load_generator_file, save_generator
from ganvas.checkpoint.inspect import inspect, lines
from ganvas.checkpoint.open import open_checkpoint
from ganvas.cli import main
from ganvas.errors import CheckpointError
from ganvas.generator.mobilestylegan import MobileStyleGAN
from ganvas.generator.random_weights import random_generator


def loaded(path: Path):
    return torch.load(path, weights_only=True)


def test_nvidia_to_rosinality_and_back(writers, save, tmp_path):
    state = random_generator(writers.SKIP).state_dict()
    names = writers.nvidia_names(writers.SKIP, state)
    source = save(names, "torch")

    there = convert(source, tmp_path / "there.pt", "rosinality")
    convert(tmp_path / "there.pt", tmp_path / "back.pt", "nvidia")

    assert there.source.layout.startswith("NVIDIA")
    back = loaded(tmp_path / "back.pt")
    assert back.keys() == names.keys()
    for key, value in names.items():
        assert torch.equal(back[key], value), key
    content = loaded(tmp_path / "there.pt")
    weight = names["synthesis.b8.conv0.weight"]
    assert torch.equal(content["g_ema"]["convs.0.conv.weight"], weight[None])
    assert torch.equal(content["g_ema"]["style.1.weight"], names["mapping.fc0.weight"])
    assert content["g_ema"]["to_rgbs.0.bias"].shape == (1, 3, 1, 1)
    kernel = content["g_ema"]["to_rgbs.1.upsample.kernel"]
    assert torch.equal(kernel[0], torch.tensor([1.0, 3.0, 3.0, 1.0]) / 16)


@pytest.mark.parametrize("name", ["skip", "conditional", "clamped", "stylegan1", "stylegan3r"])
def test_safetensors_both_ways(writers, tmp_path, name):
    architecture = writers.ARCHITECTURES[name]
    original = random_generator(architecture)
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    save_generator(original, first)

    convert(first, second)

    for path in (first, second):
        read = build(open_checkpoint(path))
        assert read.hyperparameters == original.hyperparameters
        assert read.source_hash == original.source_hash
    assert load_generator_file(type(original), second).source_hash == original.source_hash


def test_what_is_estimated_and_lost_is_said(writers, save, tmp_path):
    architecture = writers.ARCHITECTURES["clamped"]
    content = writers.nvidia_pickle(architecture, random_generator(architecture).state_dict())
    done = convert(save(content), tmp_path / "a.pt", "rosinality")
    assert "clamp" in done.lost[0]
    state = loaded(tmp_path / "a.pt")
    del state["latent_avg"]
    del state["g_ema"]["noises.noise_0"]
    torch.save(state, tmp_path / "b.pt")
    done = convert(tmp_path / "b.pt", tmp_path / "c.pt", "nvidia")
    assert set(done.estimated) == {"w_avg", "b4.conv1.noise_const"}
    assert loaded(tmp_path / "c.pt")["mapping.w_avg"].abs().sum() > 0


@pytest.mark.parametrize("to", ["nvidia", "rosinality"])
def test_equal_conversions_give_equal_bytes(writers, tmp_path, to):
    save_generator(random_generator(writers.SKIP), tmp_path / "g.safetensors")
    for name in ("a.pt", "b.pt"):
        convert(tmp_path / "g.safetensors", tmp_path / name, to)
    assert (tmp_path / "a.pt").read_bytes() == (tmp_path / "b.pt").read_bytes()


def test_refusals(writers, save, tmp_path):
    state = random_generator(writers.SKIP).state_dict()
    source = save(writers.nvidia_names(writers.SKIP, state), "torch")
    with pytest.raises(CheckpointError, match="--to"):
        convert(source, tmp_path / "a.pt")
    with pytest.raises(CheckpointError, match="same file"):
        convert(source, source, "nvidia")
    resnet = writers.ARCHITECTURES["resnet"]
    names = writers.nvidia_names(resnet, random_generator(resnet).state_dict())
    with pytest.raises(CheckpointError, match="resnet"):
        convert(save(names, "torch", "r"), tmp_path / "a.pt", "rosinality")
    third = random_generator(writers.ARCHITECTURES["stylegan3t"])
    save_generator(third, tmp_path / "t.safetensors")
    with pytest.raises(CheckpointError, match="only StyleGAN2"):
        convert(tmp_path / "t.safetensors", tmp_path / "a.pt", "nvidia")
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"network.torch", "r.torch", "t.safetensors"}


def test_inspect(writers, save, capsys):
    architecture = writers.ARCHITECTURES["conditional"]
    state = random_generator(architecture).state_dict()
    names = writers.nvidia_names(architecture, state)
    del names["synthesis.b8.conv1.noise_const"]
    path = save(names, "torch")

    found = inspect(path)

    assert (found.family, found.resolution, found.rows, found.noise) == (
        "stylegan2",
        8,
        4,
        (4, 8, 8),
    )
    assert found.missing == ("b8.conv1.noise_const",)
    assert found.parameters == sum(v.numel() for k, v in state.items()) - 64
    assert main(["inspect", str(path)]) == 0
    printed = capsys.readouterr().out
    assert printed.splitlines() == list(lines(found))
    assert "classes        5" in printed


def test_commands(writers, save, tmp_path, capsys):
    state = random_generator(writers.SKIP).state_dict()
    path = save(writers.nvidia_names(writers.SKIP, state), "torch")
    target = tmp_path / "network.safetensors"
    assert main(["convert", str(path), str(target)]) == 0
    assert "safetensors" in capsys.readouterr().out
    assert build(open_checkpoint(target)).resolution == 16
    path.write_bytes(b"nonsense")
    assert main(["inspect", str(path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("ganvas: ")
    assert error.count("\n") == 1


def test_mobilestylegan_to_safetensors_and_back(tmp_path, capsys):
    original = MobileStyleGAN(channels=(16, 16, 8), w_dim=8, depth=2)
    rng = torch.Generator().manual_seed(0)
    original.load_state_dict(
        {k: torch.randn(v.shape, generator=rng) for k, v in original.state_dict().items()}
    )
    first, second, third = (tmp_path / f"{n}.safetensors" for n in ("first", "second", "third"))
    save_generator(original, first)

    convert(first, second)
    convert(second, third)

    state = original.state_dict()
    for path in (second, third):
        tensors = load_file(path)
        assert tensors.keys() == state.keys()
        assert all(torch.equal(tensors[key], state[key]) for key in state)
        assert load_generator_file(MobileStyleGAN, path).hyperparameters == original.hyperparameters
    assert build(open_checkpoint(third)).source_hash == original.source_hash
    with pytest.raises(CheckpointError, match="only StyleGAN2 has the two code bases"):
        convert(first, tmp_path / "other.pt", "nvidia")

    assert main(["inspect", str(third)]) == 0
    said = capsys.readouterr().out
    for words in ("generator=mobilestylegan", "32 × 32", "noise maps   4, 8, 8, 16, 16", "depth"):
        assert words in said
    with pytest.raises(CheckpointError, match="use generator=mobilestylegan"):
        StyleGAN2Config(checkpoint=str(third)).load()
