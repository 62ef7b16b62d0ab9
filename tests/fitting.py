"""Fits a stage as a run does, and listens to what it tells."""

from __future__ import annotations

import io
from typing import Any

import torch
from torch import Tensor

from ganvas.embedding import Embedding
from ganvas.stage.fit import FitSettings, ReportIntervals, Watcher, take_steps
from ganvas.stage.stage import Stage


class Listener:
    """A monitor that keeps what it is told.

    Args:
        save: After how many steps it keeps the stage's state; None: never.

    Attributes:
        curve: The rows.
        notices: The lines that a user would see.
    """

    def __init__(self, save: int | None = None) -> None:
        self.save = save
        self.curve: list[dict[str, Any]] = []
        self.notices: list[str] = []
        self._file = io.BytesIO()

    @property
    def state(self) -> dict[str, Any]:
        """The state, from a file, as a run takes it: in the process its tensors move on."""
        self._file.seek(0)
        return torch.load(self._file, weights_only=True)

    def rows(self, rows: list[dict[str, Any]]) -> None:
        self.curve += rows

    def step(self, stage_step: int) -> None:
        pass

    def frame(self, stage_step: int, pictures: Tensor) -> None:
        pass

    def wants_checkpoint(self) -> bool:
        return self.save is not None

    def checkpoint(self, state: dict[str, Any]) -> None:
        if state["step"] == self.save:
            torch.save(state, self._file)

    def stop_requested(self) -> bool:
        return False

    def notice(self, message: str) -> None:
        self.notices.append(message)


def fit(
    stage: Stage,
    listener: Listener | None = None,
    state: dict[str, Any] | None = None,
    flush_every: int = 3,
) -> Embedding:
    """Fit `stage`, on the device of its start, and return each image's best embedding.

    Args:
        stage: The stage.
        listener: Takes its events; without one, a notice fails the test.
        state: What the stage begins with; None: its start.
        flush_every: Steps between two reports of the curve.
    """
    start, heard = stage.variables.start, listener or Listener()
    watcher = Watcher(heard, range(len(start)))
    intervals = ReportIntervals(flush_every, frame_every=0, frame_resolution=32)
    take_steps(stage, [watcher], FitSettings(intervals, start.latent.device, "32-true"), state)
    if watcher.error is not None:
        raise watcher.error
    assert listener is not None or not heard.notices, heard.notices
    return stage.finish()
