"""A latent step on a draft beside one in full, both at 1024², with MSE and LPIPS-VGG at 256²."""

from __future__ import annotations

from collections.abc import Callable

import torch

from ganvas.checkpoint.from_file import MobileStyleGANConfig
from ganvas.generator import Generator
from ganvas.generator.config import loaded
from ganvas.layers import All
from ganvas.loss import LPIPS, MSE, Block
from ganvas.optimizer import Adam
from ganvas.stage import Draft, Scene, StageConfig
from ganvas.stage.stage import Stage
from ganvas.start import WAvg
from speed.clock import by_turns
from speed.networks import stylegan2
from speed.table import Rows, percent, table

STEPS = 10
"""Of the stage; the first half of them is taken on drafts."""


def parts(generator: Generator, draft: Draft) -> dict[str, Callable[[], object]]:
    """Return a step in full, one on a draft, and the fit of its head."""
    config = StageConfig(
        optimise={"latent": Adam(lr=0.1)}, layers=All(),
        objective={"fit": Block({"mse": MSE(resolution=256), "lpips": LPIPS(resolution=256)})},
        steps=STEPS, draft=draft,
    )  # fmt: skip
    start = WAvg().begin(generator, ("x",), seed=0)
    target = torch.zeros(1, 3, generator.resolution, generator.resolution)
    stage = Stage(config, Scene(generator, {"x": target}, {}, lambda: start), 1)
    return {
        "full": lambda: stage._pass(0, STEPS - 1),
        "head": lambda: stage._fit_drafts(0),
        "draft": lambda: stage._pass(0, 0),
    }


def measure() -> Rows:
    """Return the CPU seconds of each part, by generator."""
    draft = Draft(until=0.5)
    generators = {
        "MobileStyleGAN": loaded(MobileStyleGANConfig()),
        "StyleGAN2, configuration f": stylegan2(),
    }
    return [
        {"generator": name, "refit": draft.refit,
         **by_turns(parts(generator, draft), rounds=3)}
        for name, generator in generators.items()
    ]  # fmt: skip


def page(rows: Rows) -> str:
    """Return the table of the page."""
    lines = []
    for row in rows:
        full, draft, head = (float(row[name]) for name in ("full", "draft", "head"))
        fitted = draft + head / float(row["refit"])
        shares = (percent(seconds, full) for seconds in (full, draft, head, fitted))
        lines.append((row["generator"], *shares))
    head_line = ("generator at 1024²", "a step in full", "a step on a draft", "the head's fit",
                 "a step on drafts, with the fits")  # fmt: skip
    return table(head_line, lines)
