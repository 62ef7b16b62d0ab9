"""What a run does with the events of its stages."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextvars import copy_context
from statistics import fmean
from typing import Any

from torch import Tensor

from ganvas.image.picture import save_picture, to_picture
from ganvas.runner.directory import RunDirectory
from ganvas.runner.progress import Bar
from ganvas.runner.signals import StopSignal
from ganvas.stage.monitor import Row
from ganvas.tracking import Record

log = logging.getLogger("ganvas")

ASK_EVERY = 0.1
"""Seconds between two looks for the stop file, which may lie on a slow disk."""


class RunMonitor:
    """Carries one stage's events to the record, the progress bar and the checkpoint.

    Args:
        stage: The stage's name.
        offset: Steps of the run before this stage.
        seconds: Seconds that optimisation took before, over all stages and processes.
        stage_seconds: Those of this stage in earlier processes.
        folder: The run's folder.
        record: The run's record.
        bar: The progress bar.
        stop: The flag of Ctrl-C and SIGTERM.
        save: Saves the stage's state together with the run's.
        every: Seconds between two checkpoints.
    """

    def __init__(
        self,
        *,
        stage: str,
        offset: int,
        seconds: float,
        stage_seconds: float,
        folder: RunDirectory,
        record: Record,
        bar: Bar,
        stop: StopSignal,
        save: Callable[[dict[str, Any], float, float], None],
        every: float,
    ) -> None:
        self.stage, self.offset = stage, offset
        self.folder, self.record, self.bar, self.stop = folder, record, bar, stop
        self._save, self._every = save, every
        self._before, self._stage_before = seconds, stage_seconds
        self._started: float | None = None
        self._saved = self._asked = time.monotonic()
        self._pruned = False
        # Whoever fits the stage may do so for other runs, too: the log is this run's.
        self._context = copy_context()

    @property
    def seconds(self) -> float:
        """Seconds of optimisation over the whole run."""
        return self._before + self._passed

    @property
    def stage_seconds(self) -> float:
        """Seconds of optimisation in this stage."""
        return self._stage_before + self._passed

    @property
    def _passed(self) -> float:
        return 0.0 if self._started is None else time.monotonic() - self._started

    def rows(self, rows: list[Row]) -> None:
        """Record some steps and show the last one's PSNR."""
        if not rows:
            return
        seconds = round(self.seconds, 3)
        self.record.log(
            [
                {"step": self.offset + row["stage_step"], "stage": self.stage, **row}
                | {"seconds": seconds}
                for row in rows
            ]
        )
        done = rows[-1]["stage_step"] + 1
        finite = [v for v in rows[-1]["psnr"] if v is not None]
        info = f"{fmean(finite):.1f} dB" if finite else ""
        self.bar.update(self.stage, info)
        psnr = round(fmean(finite), 2) if finite else None
        self.folder.write_status(
            stage=self.stage, step=self.offset + done, seconds=seconds, psnr=psnr
        )

    def step(self, stage_step: int) -> None:
        """Move the bar."""
        self.bar.step(self.stage, stage_step + 1)

    def frame(self, stage_step: int, pictures: Tensor) -> None:
        """Save a progress picture of each image."""
        for name, picture in zip(self.record.info.images, pictures, strict=True):
            file = self.record.frame_file(name, self.offset + stage_step)
            save_picture(to_picture(picture), file)

    def wants_checkpoint(self) -> bool:
        """Return True when the last checkpoint is old enough."""
        return time.monotonic() - self._saved >= self._every

    def checkpoint(self, state: dict[str, Any]) -> None:
        """Save the run with this stage's state."""
        self._save(state, self.seconds, self.stage_seconds)
        self._saved = time.monotonic()

    def stop_requested(self) -> bool:
        """Return True after Ctrl-C or SIGTERM, or when a search has given the run up.

        Asked for the first time when the steps begin, which is when the clock starts.
        """
        if self._started is None:
            self._started = self._saved = time.monotonic()
        # Lightning puts its own handlers in place when it starts to fit.
        self.stop.hold()
        return self.stop.requested or self.is_pruned()

    def is_pruned(self) -> bool:
        """Return True when a search has asked this run to stop."""
        if not self._pruned and time.monotonic() - self._asked > ASK_EVERY:
            self._asked = time.monotonic()
            self._pruned = self.folder.stop_file.exists()
        return self._pruned

    def notice(self, message: str) -> None:
        """Show one line, and log it where it is not shown again: in the run's log alone."""
        self.bar.say(message)
        self._context.run(log.debug, "%s", message)
