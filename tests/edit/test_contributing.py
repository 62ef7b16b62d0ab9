"""The files that CONTRIBUTING.md shows, taken from its text as they are, and run."""

import importlib
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from ganvas.command.help import option_fields, summary

PAGE = Path(__file__).parents[2] / "CONTRIBUTING.md"
MODULES = {"my_mask", "my_loss", "my_metric", "my_generator"}


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """The folder that the page describes."""
    text = PAGE.read_text(encoding="utf-8")
    files = re.findall(r"^`(mine/\S+)`:\n```\w+\n(.*?)```", text, re.M | re.S)
    assert len(files) == len(re.findall(r"^```\w+$", text, re.M))
    for name, content in files:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    assert {file.stem for file in (tmp_path / "mine").glob("*.py")} == MODULES
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path / "mine"
    for name in MODULES:
        sys.modules.pop(name, None)


def test_what_the_page_shows_runs(mine, tmp_path):
    from ganvas.api import run

    result = run(
        [
            "generator=grey", "mask=checker", "loss=huber", "edit=denoise", "budget=preview",
            "budget.latent=6", "logger=none", "metrics=sharp", f"output={tmp_path}",
        ],
        config_dir=mine,
    )  # fmt: skip
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


def test_the_parts_are_described_by_the_help(mine, monkeypatch):
    monkeypatch.syspath_prepend(mine)
    importlib.invalidate_caches()
    file = mine / "mask" / "checker.yaml"
    assert summary(file) == "A checkerboard."
    assert dict(option_fields(file, "mask")) == {"mask.cells": "int = 8: Fields per side."}
    fields = dict(option_fields(mine / "loss" / "huber.yaml", "loss"))
    assert fields["loss.latent.huber.delta"] == "float = 0.1: Where it turns linear."
    assert "loss.latent.huber.weight" in fields
