"""The mask, the loss and the edit that CONTRIBUTING.md shows, taken from its text and run."""

import re
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "CONTRIBUTING.md"
IMPORTS = """from __future__ import annotations
from dataclasses import dataclass
import torch
from torch.nn import functional as F
import ganvas.generator
import ganvas.loss
import ganvas.mask
from ganvas.generator.tiny import TinyConfig
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """The folder that the page describes."""
    blocks = re.findall(r"```(python|yaml)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    code = "\n".join(text for language, text in blocks if language == "python")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "my_parts.py").write_text(IMPORTS + code, encoding="utf-8")
    for language, text in blocks:
        if language == "yaml":
            file = tmp_path / re.search(r"\((mine/\S+\.yaml)\)", text)[1]
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path / "mine"
    sys.modules.pop("my_parts", None)


def test_what_the_page_shows_runs(mine, tmp_path):
    from ganvas.api import run

    result = run(
        [
            "generator=grey", "mask=checker", "loss=huber", "edit=denoise", "budget=preview",
            "budget.latent=6", "logger=none", "metrics=pixel", f"output={tmp_path}",
        ],
        config_dir=mine,
    )  # fmt: skip
    assert result.status["state"] == "finished"
    losses = [row["loss/huber"][0] for row in result.curve]
    assert losses[-1] < losses[0]
