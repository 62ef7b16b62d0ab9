"""`ganvas train generator`: a few steps, and what is made of its file."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from ganvas.command import train_generator

TRAIN = (
    "train", "generator", "pictures=stones.png", "channels=[8,8]", "w_dim=8", "depth=2",
    "images=16", "adversarial.batch=4", "trainer=cpu", "trainer.threads=1",
)  # fmt: skip


@pytest.fixture
def stones(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pixels = np.random.default_rng(0).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "stones.png")


def test_a_trained_generator_draws_and_repeats(ganvas_command, tmp_path, stones):
    done = ganvas_command(*TRAIN)
    assert done.code == 0, done.err
    folder = tmp_path / "generators/texture"
    (line,) = (folder / "curve.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["images"] == 16
    with Image.open(folder / "samples.png") as samples:
        assert samples.size == (48, 48)
    assert ganvas_command(*TRAIN, "output=again").code == 0
    again = tmp_path / "again/generator.safetensors"
    assert again.read_bytes() == (folder / "generator.safetensors").read_bytes()
    sampled = ganvas_command(
        "sample", "generator=stylegan2", f"generator.checkpoint={again}", "-n", "1"
    )
    assert sampled.code == 0, sampled.err


def test_channels_last_in_memory_computes_the_same(ganvas_command, tmp_path, stones, monkeypatch):
    last = []

    def save(training, progress, curve):
        weight = progress.generator.get_parameter("b8.conv0.weight")
        last.append(weight.is_contiguous(memory_format=torch.channels_last))
        write(training, progress, curve)

    write = train_generator.save
    monkeypatch.setattr(train_generator, "save", save)
    for output in ("false", "true"):
        done = ganvas_command(*TRAIN, f"output=at_{output}", f"trainer.channels_last={output}")
        assert done.code == 0, done.err
    assert last == [False, True]
    other, weights = (
        load_file(tmp_path / f"at_{x}/generator.safetensors") for x in ("false", "true")
    )
    for name, weight in weights.items():
        torch.testing.assert_close(weight.float(), other[name].float(), atol=2e-3, rtol=2e-3)


@pytest.mark.parametrize(
    ("word", "named"),
    [
        ("pictures=none.png", "none.png"),
        ("channels=[8,8,8,8]", "pictures=stones.png"),
        ("adversarial.batch=0", "adversarial.batch"),
        ("adversarial.batch=6", "adversarial.batch=6: input should be a multiple of 4"),
        ("symetry=none", "symmetry"),
    ],
)
def test_a_mistake_is_one_line_before_any_work(ganvas_command, tmp_path, stones, word, named):
    done = ganvas_command(*TRAIN, word)
    assert done.code == 2
    assert named in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert not (tmp_path / "generators").exists()


def test_a_finished_generator_is_not_overwritten(ganvas_command, tmp_path, stones):
    (tmp_path / "generators/texture").mkdir(parents=True)
    (tmp_path / "generators/texture/generator.safetensors").touch()
    done = ganvas_command(*TRAIN)
    assert done.code == 2
    assert "output=generators/texture" in done.err
