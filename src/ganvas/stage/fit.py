"""Fit stages with a Lightning Trainer: one, or those of several runs side by side."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, TypeVar

import torch

from ganvas.embedding import Embedding
from ganvas.stage import shares
from ganvas.stage.config import StageConfig
from ganvas.stage.monitor import Monitor
from ganvas.stage.reporter import Reporter, ReportIntervals, Watcher
from ganvas.stage.scene import Scene, packed_micro_batch
from ganvas.stage.stage import Stage
from ganvas.stage.watch import Watch
from ganvas.system.lightning import fit_steps

__all__ = [
    "Fit", "FitSettings", "Fitted", "Fitting", "ReportIntervals", "Watcher", "alike", "fit_all",
    "take_steps",
]  # fmt: skip


@dataclass(frozen=True)
class FitSettings:
    """Where and how a stage is fitted.

    Attributes:
        intervals: How often it reports.
        device: Where.
        precision: As Lightning calls it.
        cuda_graphs: Record the kernels of a step on a GPU, and replay them.
        micro_batch: Images drawn at a time beside those of other runs; None: as many as pays.
    """

    intervals: ReportIntervals
    device: torch.device
    precision: str
    cuda_graphs: bool = False
    micro_batch: int | None = None


@dataclass(frozen=True, eq=False)
class Fit:
    """A stage of a run that is to be fitted.

    Attributes:
        config: The stage.
        scene: Its images, masks and embeddings.
        monitor: Takes its events.
        settings: Where and how.
        micro_batch: Images drawn at a time where it is fitted alone.
        state: Where an earlier process has stopped; None: at the start.
    """

    config: StageConfig
    scene: Scene
    monitor: Monitor
    settings: FitSettings
    micro_batch: int
    state: dict[str, Any] | None = None


@dataclass(frozen=True, eq=False)
class Fitted:
    """How it was fitted.

    Attributes:
        embedding: Each image's best.
        steps: Steps done, of earlier processes too.
        watch: How each image has fared.
        interrupted: Whether the stage was asked to stop before its end.
        images: How many images have shared the loop, of other runs too.
    """

    embedding: Embedding
    steps: int
    watch: Watch
    interrupted: bool
    images: int


Result = TypeVar("Result")
Fitting = Generator[Fit, Fitted, Result]
"""Work that asks for fits as it comes to them, and goes on with how they were fitted."""


def alike(a: Fit, b: Fit) -> bool:
    """Return whether two fits can share one loop: they differ in images, masks, starts, weights."""
    name = a.config.embedding
    return (
        a.config.is_like(b.config)
        and a.settings == b.settings
        and a.scene.generator is b.scene.generator
        and _step(a) == _step(b)
        and a.scene.embedding(name).is_joinable(b.scene.embedding(name))
    )


def fit_all(fits: Sequence[Fit]) -> list[Fitted | Exception]:
    """Fit stages that are alike in one loop, each from its start or its saved state.

    Returns:
        How each was fitted, or what its monitor raised.
    """
    counts = [len(fit.scene.embedding(fit.config.embedding)) for fit in fits]
    images = [range(*pair) for pair in pairwise(accumulate(counts, initial=0))]
    watchers = [Watcher(f.monitor, of) for f, of in zip(fits, images, strict=True)]
    stage, state = _whole(fits, counts)
    take_steps(stage, watchers, fits[0].settings, state)
    embedding = stage.finish()
    return [
        w.error
        or Fitted(
            embedding.take(w.images),
            stage.done if w.left is None else w.left,
            stage.watch.of(slice(w.images.start, w.images.stop)),
            w.interrupted,
            len(embedding),
        )
        for w in watchers
    ]


def take_steps(
    stage: Stage,
    watchers: Sequence[Watcher],
    settings: FitSettings,
    state: dict[str, Any] | None = None,
) -> None:
    """Take a stage's steps, from its start or from a saved state, and report them to watchers."""
    if state is not None:
        stage.restore(state)
    first = stage.done
    if first < stage.config.steps:
        reporter = Reporter(watchers, settings.intervals, first)
        steps = range(first, stage.config.steps)
        fit_steps(stage, steps, settings.device, settings.precision, reporter)


def _whole(fits: Sequence[Fit], counts: Sequence[int]) -> tuple[Stage, dict[str, Any] | None]:
    """Return the stage that holds the images of all fits, and the state that it begins with."""
    first, settings = fits[0], fits[0].settings
    graphs = settings.cuda_graphs
    if len(fits) == 1:
        return Stage(first.config, first.scene, first.micro_batch, cuda_graphs=graphs), first.state
    scene = Scene.join([fit.scene for fit in fits], first.config.embedding)
    micro_batch = settings.micro_batch or packed_micro_batch(
        settings.device, scene.generator.resolution, sum(counts)
    )
    objectives = [f.config.objective for f, n in zip(fits, counts, strict=True) for _ in range(n)]
    stage = Stage(first.config, scene, micro_batch, cuda_graphs=graphs, objectives=objectives)
    states = [fit.state for fit in fits if fit.state is not None]
    return stage, shares.joined(states) if states else None


def _step(fit: Fit) -> int:
    return 0 if fit.state is None else int(fit.state["step"])
