"""The training of a generator on a GPU: its steps wait for nothing, and it leaves no settings."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import torch
from PIL import Image

from ganvas.adversarial.training import Adversarial
from ganvas.cli import main
from pretended_gpu import pretended_gpu, waits

TRAIN = (
    "train", "generator", "pictures=stones.png", "channels=[8,8]", "w_dim=8", "depth=2",
    "images=16", "adversarial.batch=4", "trainer.device=cuda", "trainer.threads=1",
    "trainer.progress=false", "trainer.tf32=true",
)  # fmt: skip


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_steps_wait_for_nothing_and_tf32_is_the_trainers(tmp_path, monkeypatch, precision):
    monkeypatch.chdir(tmp_path)
    pixels = np.random.default_rng(0).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    Image.fromarray(pixels).save("stones.png")
    original, waited, rounded = Adversarial._step, [], []

    @functools.wraps(original)
    def step(self, *arguments):
        before = len(waits)
        losses = original(self, *arguments)
        waited.append(waits[before:])
        rounded.append(torch.backends.cuda.matmul.allow_tf32)
        return losses

    monkeypatch.setattr(Adversarial, "_step", step)
    with pretended_gpu():
        assert main([*TRAIN, f"trainer.precision={precision}"]) == 0
    assert waited == [[]] * 4
    assert rounded == [True] * 4
    # What a run behind it asks, which torch refuses where it was set by two of its ways.
    assert torch.get_float32_matmul_precision() == "highest"
