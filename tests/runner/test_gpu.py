"""A run on a GPU ends like one on the CPU, and continues to the bit where it was interrupted."""

from __future__ import annotations

import functools
from unittest.mock import patch

import pytest
import torch
from PIL import Image

from ganvas.api import run
from ganvas.errors import Interrupted, RunError
from ganvas.stage.stage import Stage
from pretended_gpu import pretended_gpu, waits

TINY = (
    "generator=tiny",
    "generator.resolution=32",
    "generator.channels=8",
    "loss=pixel",
    "metrics=pixel",
    "logger=none",
    "trainer.threads=1",
    "trainer.progress=false",
    "budget=preview",
    "budget.latent=4",
    "budget.noise=3",
    "budget.weights=2",
    "budget.frame_every=2",
)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["edit=pti"],
        ["edit=reconstruct_f"],
        ["experiment=z_cma"],
        ["edit=crossover", "image=pair", "mask=half"],
    ],
    ids=" ".join,
)
def test_a_run_ends_as_on_the_cpu(tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    here = run([*TINY, "trainer=cpu", "study=cpu", *words]).metrics["final"]
    with pretended_gpu():
        there = run([*TINY, "trainer.device=cuda", "study=gpu", *words]).metrics["final"]
    assert there["psnr"] == pytest.approx(here["psnr"], abs=0.05)


def test_the_fast_trainer(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pretended_gpu():
        assert run([*TINY, "trainer=gpu", "edit=pti"]).metrics["final"]["psnr"] > 5


@pytest.mark.parametrize("algorithm", ["adam", "radam"])
def test_an_interrupted_run_continues_there(tmp_path, monkeypatch, algorithm):
    monkeypatch.chdir(tmp_path)
    words = [
        *TINY, "trainer.device=cuda", "trainer.checkpoint_seconds=0",
        f"optimizer.latent.algorithm={algorithm}", f"optimizer.noise.algorithm={algorithm}",
    ]  # fmt: skip
    original, steps, waited = Stage.training_step, [], []

    @functools.wraps(original)
    def step(self, index):
        if len(steps) == 5 and not waited:
            waited.append([])
            raise KeyboardInterrupt
        before = len(waits)
        original(self, index)
        steps.append(index)
        if waited:
            waited.append(waits[before:])

    with pretended_gpu():
        whole = run([*words, "output=whole"])
        with patch.object(Stage, "training_step", step):
            with pytest.raises(Interrupted):
                run(words)
            again = run(words)
    assert steps == [0, 1, 2, 3, 0, 1, 2]
    assert waited == [[]] * 3
    assert again.embedding.latent.equal(whole.embedding.latent)
    for a, b in zip(again.embedding.noise, whole.embedding.noise, strict=True):
        assert a.equal(b)


def test_a_full_gpu_names_what_needs_less_memory(tmp_path, monkeypatch):
    def full(self, index):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Stage, "training_step", full)
    Image.new("RGB", (32, 32)).save("a.png")
    Image.new("RGB", (32, 32), "red").save("b.png")
    words = [*TINY, "trainer.device=cuda", "image=file", f"image.x.path={tmp_path}"]
    with pretended_gpu(), pytest.raises(RunError, match=r"micro_batch=1 draws fewer images"):
        run(words)
