"""The run's own record: curve and pictures on disk, and the same events for the sinks."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ganvas.system.files import storage_errors, write_text
from ganvas.tracking.sink import Outcome, Row, RunInfo, Sink

log = logging.getLogger("ganvas")


class Record:
    """Writes the curve, and hands every step on to the sinks in the order of steps.

    Args:
        info: The run.
        sinks: Where the events go besides the folder.
    """

    def __init__(self, info: RunInfo, sinks: list[Sink]) -> None:
        self.info = info
        self.sinks = sinks
        self.curve = info.folder / "metrics.jsonl"
        self._opened: list[Sink] = []

    def frame_file(self, image: str, step: int) -> Path:
        """Return the file of one progress picture."""
        return self.info.folder / "images" / image / "frames" / f"{step:06d}.webp"

    def frames(self, image: str) -> list[Path]:
        """Return the progress pictures of one image in the order of steps."""
        return sorted((self.info.folder / "images" / image / "frames").glob("[0-9]*.webp"))

    def begin(self, resume_at: int) -> None:
        """Open the sinks; what was recorded before step `resume_at` is replayed, the rest cut."""
        kept = [row for row in self.rows() if row["step"] < resume_at]
        write_text(self.curve, "".join(_line(row) for row in kept))
        for image in self.info.images:
            for frame in self.frames(image):
                if int(frame.stem) >= resume_at:
                    frame.unlink()
        for sink in self.sinks:
            self._opened.append(sink)
            sink.begin(self.info)
        self._hand_on(kept)

    def rows(self) -> Iterator[Row]:
        """Iterate over the recorded curve; a line that a killed process has cut ends it."""
        if not self.curve.is_file():
            return
        for line in self.curve.read_bytes().splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                return
            if not (isinstance(row, dict) and isinstance(row.get("step"), int)):
                return
            yield row

    def log(self, rows: list[Row]) -> None:
        """Append rows to the curve; each holds `step`, counted over the whole run."""
        with storage_errors(self.curve), self.curve.open("a", encoding="utf-8") as file:
            file.write("".join(_line(row) for row in rows))
        self._hand_on(rows)

    def end(self, outcome: Outcome) -> None:
        """Close the sinks that were opened; one that fails is reported.

        It does not end the run, for the record on disk is the truth.
        """
        for sink in self._opened:
            try:
                sink.end(outcome)
            except Exception as error:
                log.warning("%s could not be closed: %s", type(sink).__name__, error)
                log.debug("%s", traceback.format_exc())

    def _hand_on(self, rows: list[Row]) -> None:
        for row in rows:
            files = {image: self.frame_file(image, row["step"]) for image in self.info.images}
            frames = {image: file for image, file in files.items() if file.is_file()}
            for sink in self.sinks:
                sink.log(row, frames)


def _line(row: dict[str, Any]) -> str:
    return json.dumps(row, allow_nan=False) + "\n"
