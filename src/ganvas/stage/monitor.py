"""What a stage tells whoever watches it."""

from __future__ import annotations

from typing import Any, Protocol

from torch import Tensor

Row = dict[str, Any]
"""One line of the curve: `stage_step`, and a list with one value per image for each metric."""


class Monitor(Protocol):
    """Receives a stage's events; the run implements it with its record, checkpoint and signals."""

    def rows(self, rows: list[Row]) -> None:
        """Take the curve of some steps, in order."""

    def step(self, stage_step: int) -> None:
        """Take note that step `stage_step` is done; called after each of them, cheap."""

    def frame(self, stage_step: int, pictures: Tensor) -> None:
        """Take the render of one step: uint8 (B, 3, h, w) on the CPU."""

    def wants_checkpoint(self) -> bool:
        """Return True when it is time to save; asked once per step, cheap."""

    def checkpoint(self, state: dict[str, Any]) -> None:
        """Save the state that a later process continues from."""

    def stop_requested(self) -> bool:
        """Return True when the user or the system has asked to stop; asked once per step."""

    def notice(self, message: str) -> None:
        """Tell the user one line."""
