"""Carries a stage's events to whoever watches it: one run, or several that share the stage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ganvas.functional.images import resize, to_uint8
from ganvas.stage.monitor import Monitor, Row
from ganvas.stage.shares import share_of
from ganvas.stage.stage import Stage
from ganvas.system.lightning import pl


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


@dataclass(eq=False)
class Watcher:
    """A run that watches its images of a stage.

    Attributes:
        monitor: Takes its events.
        images: Which of the stage's images are its.
        left: After how many steps it has left: all its images rest, it was asked to stop, or its
            monitor failed. None: it watches.
        interrupted: Whether it was asked to stop before the end.
        error: What its monitor raised.
    """

    monitor: Monitor
    images: range
    left: int | None = None
    interrupted: bool = False
    error: Exception | None = None


class Reporter(pl.Callback):
    """Reports to the watchers, and stops the stage within one step once all have left.

    Args:
        watchers: Who watches.
        intervals: How often.
        first_step: The step that the stage begins with.
    """

    def __init__(
        self, watchers: Sequence[Watcher], intervals: ReportIntervals, first_step: int
    ) -> None:
        self.watchers = watchers
        self.intervals = intervals
        self.flushed = first_step
        self.idle: set[int] = set()

    def on_train_start(self, trainer: pl.Trainer, stage: pl.LightningModule) -> None:
        """Take the signals back, which Lightning has just taken over."""
        for watcher in self.watchers:
            watcher.monitor.stop_requested()

    def on_train_batch_end(
        self, trainer: pl.Trainer, stage: pl.LightningModule, outputs: Any, step: int, index: int
    ) -> None:
        """Report what is due after step `step`."""
        assert isinstance(stage, Stage)
        done = step + 1
        last = done == stage.config.steps
        if self.intervals.frame_every and (step % self.intervals.frame_every == 0 or last):
            size = min(self.intervals.frame_resolution, stage.variables.before.resolution)
            pictures = frames(stage.renders, size)
            self._tell(self.watchers, done, lambda w: w.monitor.frame(step, pictures[_slice(w)]))
        stopping = [w for w in self._watching() if w.monitor.stop_requested() and not last]
        saving = [
            w for w in self._watching()
            if w in stopping or (not last and w.monitor.wants_checkpoint())
        ]  # fmt: skip
        if saving or last or done - self.flushed >= self.intervals.flush_every:
            self.flush(stage, done)
        self._tell(self.watchers, done, lambda w: w.monitor.step(step))
        if saving:
            state = stage.state(done)
            self._tell(saving, done, lambda w: w.monitor.checkpoint(self._share(state, w)))
        for watcher in self._watching():
            watcher.interrupted = watcher in stopping
            if watcher.interrupted or self.idle.issuperset(watcher.images):
                watcher.left = done
        trainer.should_stop = not self._watching()

    def flush(self, stage: Stage, done: int) -> None:
        """Move the curve to the host in one transfer and look for images that have stopped."""
        rows = to_rows(stage.history, self.flushed)
        self.flushed += len(stage.history)
        stage.history = []
        self._tell(
            self.watchers, done, lambda w: w.monitor.rows([_row(row, _slice(w)) for row in rows])
        )
        best_step = stage.watch.best_step.tolist()
        running, alive = stage.watch.running.tolist(), stage.watch.alive.tolist()
        for image in range(len(running)):
            if running[image] or image in self.idle:
                continue
            self.idle.add(image)
            name = stage.variables.start.names[image]
            kept = f"step {best_step[image]}" if best_step[image] >= 0 else "the start"
            why = "its loss is on a plateau" if alive[image] else "loss or gradient is not finite"
            notice = f"image {name}: {why}; it stops at {kept}, its best"
            owners = [w for w in self.watchers if image in w.images]
            self._tell(owners, done, partial(_notify, notice))

    def _share(self, state: dict[str, Any], watcher: Watcher) -> dict[str, Any]:
        # The state of a search cannot be divided; it has one watcher.
        return share_of(state, _slice(watcher)) if len(self.watchers) > 1 else state

    def _watching(self) -> list[Watcher]:
        return [watcher for watcher in self.watchers if watcher.left is None]

    def _tell(
        self, watchers: Iterable[Watcher], done: int, event: Callable[[Watcher], None]
    ) -> None:
        """Report an event after `done` steps; a watcher whose monitor fails leaves."""
        for watcher in watchers:
            if watcher.left is not None:
                continue
            try:
                event(watcher)
            except Exception as error:
                watcher.error, watcher.left = error, done


def _slice(watcher: Watcher) -> slice:
    return slice(watcher.images.start, watcher.images.stop)


def _notify(notice: str, watcher: Watcher) -> None:
    watcher.monitor.notice(notice)


def _row(row: Row, images: slice) -> Row:
    """Return a row of the curve for some of its images."""
    return {name: v[images] if isinstance(v, list) else v for name, v in row.items()}


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
    """Return 8-bit frames (B, 3, r, r) on the CPU."""
    return torch.cat([to_uint8(resize(render.float(), resolution)).cpu() for render in renders])
