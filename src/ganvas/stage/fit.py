"""Fit one stage with a Lightning Trainer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ganvas.embedding import Embedding
from ganvas.functional.images import resize, to_uint8
from ganvas.stage.monitor import Monitor, Row
from ganvas.stage.stage import Stage
from ganvas.system.lightning import fit_steps, pl


@dataclass(frozen=True)
class ReportIntervals:
    """How often a stage reports.

    Attributes:
        flush_every: Steps between two transfers of the curve from the device.
        frame_every: Steps between two progress frames; 0 for none.
        frame_resolution: Height and width of the frames.
    """

    flush_every: int
    frame_every: int
    frame_resolution: int


class Reporter(pl.Callback):
    """Carries a stage's events to its monitor and stops it within one step when asked."""

    def __init__(self, monitor: Monitor, intervals: ReportIntervals, first_step: int) -> None:
        self.monitor = monitor
        self.intervals = intervals
        self.flushed = first_step
        self.interrupted = False
        self.known_idle: set[int] = set()

    def on_train_start(self, trainer: pl.Trainer, stage: pl.LightningModule) -> None:
        """Take the signals back, which Lightning has just taken over."""
        self.monitor.stop_requested()

    def on_train_batch_end(
        self, trainer: pl.Trainer, stage: pl.LightningModule, outputs: Any, step: int, index: int
    ) -> None:
        """Report what is due after step `step`."""
        assert isinstance(stage, Stage)
        done = step + 1
        last = done == stage.config.steps
        if self.intervals.frame_every and (step % self.intervals.frame_every == 0 or last):
            self.monitor.frame(step, frames(stage.renders, self.intervals.frame_resolution))
        self.interrupted = self.monitor.stop_requested() and not last
        save = self.interrupted or (not last and self.monitor.wants_checkpoint())
        if save or last or done - self.flushed >= self.intervals.flush_every:
            self.flush(stage)
        self.monitor.step(step)
        if save:
            self.monitor.checkpoint(stage.state(done))
        if self.interrupted or len(self.known_idle) == len(stage.watch.alive):
            trainer.should_stop = True

    def flush(self, stage: Stage) -> None:
        """Move the curve to the host in one transfer and look for images that have stopped."""
        rows = to_rows(stage.history, self.flushed)
        self.flushed += len(stage.history)
        stage.history = []
        self.monitor.rows(rows)
        best_step = stage.watch.best_step.tolist()
        running, alive = stage.watch.running.tolist(), stage.watch.alive.tolist()
        for image in range(len(running)):
            if running[image] or image in self.known_idle:
                continue
            self.known_idle.add(image)
            name = stage.variables.start.names[image]
            kept = f"step {best_step[image]}" if best_step[image] >= 0 else "the start"
            why = "its loss is on a plateau" if alive[image] else "loss or gradient is not finite"
            self.monitor.notice(f"image {name}: {why}; it stops at {kept}, its best")


def to_rows(history: list[dict[str, Tensor]], first_step: int) -> list[Row]:
    """Turn the curve on the device into rows on the host; what is not finite becomes None."""
    if not history:
        return []
    names = list(history[0])
    values = torch.stack([torch.stack([row[name] for name in names]) for row in history])
    table = values.double().cpu()
    finite = table.isfinite()
    return [
        {"stage_step": first_step + i}
        | {
            name: [
                float(f"{v:.6g}") if ok else None
                for v, ok in zip(table[i, j].tolist(), finite[i, j].tolist(), strict=True)
            ]
            for j, name in enumerate(names)
        }
        for i in range(len(history))
    ]


def frames(renders: list[Tensor], resolution: int) -> Tensor:
    """Return 8-bit frames (B, 3, r, r) on the CPU, never larger than the renders."""
    size = min(resolution, renders[0].shape[-1])
    return torch.cat([to_uint8(resize(render.float(), size)).cpu() for render in renders])


def fit(
    stage: Stage,
    monitor: Monitor,
    intervals: ReportIntervals,
    device: torch.device,
    precision: str,
    state: dict[str, Any] | None = None,
) -> tuple[Embedding, bool]:
    """Fit `stage` from its start, or from a saved `state`.

    Returns:
        Each image's best embedding, and whether the stage was asked to stop before its end.
    """
    if state is not None:
        stage.restore(state)
    first = stage.done
    reporter = Reporter(monitor, intervals, first)
    if first < stage.config.steps:
        fit_steps(stage, range(first, stage.config.steps), device, precision, reporter)
    return stage.finish(), reporter.interrupted
