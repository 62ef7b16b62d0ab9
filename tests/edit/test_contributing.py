"""The files that CONTRIBUTING.md shows, taken from its text as they are, and run."""

import importlib
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ganvas.command.help import option_fields, summary

PAGE = Path(__file__).parents[2] / "CONTRIBUTING.md"
MODULES = {
    "my_mask", "my_loss", "my_metric", "my_edit", "my_generator", "my_start", "my_layers",
    "my_optimizer", "my_logger",
}  # fmt: skip
MOMENT = (
    "budget=preview", "budget.latent=6", "logger=none", "metrics=sharp", "mask=checker",
    "loss=huber", "generator=ripples",
)  # fmt: skip
"""Overrides of a run of a moment that has every part of the page."""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """The folder that the page describes."""
    text = PAGE.read_text(encoding="utf-8")
    files = re.findall(r"^`(mine/\S+)`:\n```\w+\n(.*?)```", text, re.M | re.S)
    assert len(files) == len(re.findall(r"^```(?:python|yaml)$", text, re.M))
    for name, content in files:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    modules = {file.stem for file in (tmp_path / "mine").glob("*.py")}
    assert modules >= MODULES
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path / "mine"
    for name in modules:
        sys.modules.pop(name, None)


@pytest.fixture
def importable(mine, monkeypatch):
    """The same folder, with its modules on the path."""
    monkeypatch.syspath_prepend(mine)
    importlib.invalidate_caches()
    return mine


def test_what_the_page_shows_runs(mine, tmp_path):
    from ganvas.api import run

    result = run([*MOMENT, "edit=denoise", f"output={tmp_path}"], config_dir=mine)
    assert result.status["state"] == "finished"
    losses = [row["loss/huber"][0] for row in result.curve]
    assert losses[-1] < losses[0]
    picture = np.asarray(result.image("result")).astype(float)
    steps = np.abs(np.diff(picture, axis=1)).mean()
    assert result.metrics["final"]["sharpness"] == pytest.approx(steps, rel=1e-6)
    size = picture.shape[0]
    assert result.metrics["about"]["sharpness"] == {
        "text": f"range [0, 255], {size}×{size}", "unit": "8-bit steps", "direction": "higher",
    }  # fmt: skip
    assert list(result.metrics["final"])[:2] == ["psnr", "ssim"]


def test_the_operation_and_the_change_of_the_page_do_what_they_say(mine, tmp_path):
    from ganvas.api import run

    result = run([*MOMENT, "edit=mirror", f"output={tmp_path}"], config_dir=mine)
    assert result.status["state"] == "finished"
    from my_generator import RipplesConfig

    embedding, generator = result.embedding, RipplesConfig().load()
    full = replace(embedding, resume=None)
    state = generator.activations(full.rows(generator), full.noise, ["8x8.conv"])["8x8.conv"]
    board = (torch.arange(8)[:, None] + torch.arange(8)) % 2 == 1
    wanted = torch.where(board, state.features.flip(3), state.features)
    assert embedding.resume[0] == "8x8.conv"
    torch.testing.assert_close(embedding.resume[1].features, wanted)
    # Fade leaves 0.7 of the way to w_avg = 0, where fitting alone leaves all of it.
    overrides = [*MOMENT, "edit=mirror", f"output={tmp_path}"]
    fitted = run([*overrides, "~edit.stages.fade", "~edit.stages.mirror"], config_dir=mine)
    torch.testing.assert_close(embedding.latent, 0.7 * fitted.embedding.latent)


def test_start_layers_optimiser_and_logger_of_the_page_do_what_they_say(mine, tmp_path):
    from ganvas.api import run
    from ganvas.embedding import rows_of

    words = [*(w for w in MOMENT if w != "logger=none"), "edit=denoise", f"output={tmp_path}"]
    words += ["start=near", "layers=alternate", "optimizer=sgd", "logger=lines"]
    result = run(words, config_dir=mine)
    from my_generator import RipplesConfig

    generator = RipplesConfig().load()
    w = generator.sample_w(1, torch.Generator().manual_seed(0))
    start = 0.5 * rows_of(w, "w", generator)
    moved = (result.embedding.latent != start).any(2)[0]
    assert moved.tolist() == [True, False, True]
    lines = (result.path / "lines.txt").read_text().splitlines()
    assert len(lines) == 1 + len(result.curve) == 7
    assert lines[-1] == "finished"
    losses = [row["loss"][0] for row in result.curve]
    assert losses[-1] < losses[0]


def test_a_pixel_outside_of_the_mask_cannot_change_the_loss_of_the_page(importable):
    from my_loss import Huber

    from ganvas.generator.tiny import TinyGenerator
    from ganvas.loss import Block, Reference, View

    rng = torch.Generator().manual_seed(0)
    image, target = torch.randn(2, 2, 3, 16, 16, generator=rng)
    mask = (torch.rand(2, 1, 16, 16, generator=rng) < 0.5).float()
    generator = TinyGenerator(16)
    start = generator.broadcast(generator.sample_w(2, rng))
    term = Huber()

    def loss(image, target):
        reference = Reference(target, mask, start, generator)
        return Block({"huber": term}, mask="m").bind(term, reference)(View(image, start, ()))

    plain = loss(image, target)
    elsewhere = 9 * (1 - mask)
    assert torch.equal(loss(image + elsewhere, target), plain)
    assert torch.equal(loss(image, target + elsewhere), plain)
    assert (loss(image + mask, target) != plain).all()
    masked = [i * m for i, m in zip((image, target), (mask, mask), strict=True)]
    wanted = torch.nn.functional.huber_loss(*masked, reduction="none", delta=0.1)
    torch.testing.assert_close(plain, wanted.mean((1, 2, 3)))


def test_the_generator_of_the_page_has_all_that_its_layers_imply(importable):
    from my_generator import RipplesConfig

    generator = RipplesConfig().load()
    assert (generator.resolution, generator.rows) == (32, 3)
    assert generator.effective_rows == (0, 1, 2)
    assert generator.noise_resolutions == (8, 16, 32)
    rng = torch.Generator().manual_seed(0)
    w, noise = generator.broadcast(generator.sample_w(2, rng)), generator.sample_noise(2, rng)
    image = generator(w, noise)
    assert image.shape == (2, 3, 32, 32)
    assert image.std() > 0.1
    state = generator.activations(w, noise, ["16x16.conv"])["16x16.conv"]
    assert torch.equal(generator(w, noise, resume=("16x16.conv", state)), image)


def test_what_the_page_shows_runs_from_an_installed_package(mine, tmp_path):
    """As a wheel would leave it: a package, and the entry point of its metadata."""
    site = tmp_path / "site"
    site.mkdir()
    mine.rename(site / "mine")
    (site / "mine" / "__init__.py").touch()
    for file in (site / "mine").rglob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("_target_: my_", "_target_: mine.my_"), encoding="utf-8")
    ((toml,),) = (re.findall(r"^```toml\n(.*?)```", PAGE.read_text("utf-8"), re.M | re.S),)
    points = tomllib.loads(toml)["project"]["entry-points"]
    info = site / "mine-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "".join(
            f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in entries.items())
            for group, entries in points.items()
        )
    )
    path = os.pathsep.join([str(site), *(entry for entry in sys.path if entry)])
    words = [*MOMENT, "edit=mirror", "trainer.device=cpu", "trainer.threads=1", "output=out"]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "ganvas.cli", "run", *words],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "out").rglob("embedding.safetensors"))


def test_the_parts_are_described_by_the_help(importable):
    file = importable / "mask" / "checker.yaml"
    assert summary(file) == "A checkerboard."
    assert dict(option_fields(file, "mask")) == {"mask.cells": "int = 8: Fields per side."}
    fields = dict(option_fields(importable / "loss" / "huber.yaml", "loss"))
    assert fields["loss.latent.huber.delta"] == "float = 0.1: Where it turns linear."
    assert "loss.latent.huber.weight" in fields
    fields = dict(option_fields(importable / "generator" / "ripples.yaml", "generator"))
    assert fields["generator.seed"] == "int = 0: Seed of the weights."
