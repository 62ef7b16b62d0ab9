"""TensorBoard as a sink of the run's record."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from ganvas.errors import ConfigError
from ganvas.tracking.sink import (
    SHOWN,
    Logger,
    Outcome,
    Row,
    RunInfo,
    Sink,
    comparison,
    mean_values,
)

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


@dataclass(frozen=True)
class TensorBoard(Logger):
    """TensorBoard, in `tensorboard/` of the run's folder; needs the extra `tensorboard`."""

    def __post_init__(self) -> None:
        if find_spec("tensorboard") is None:
            raise ConfigError("TensorBoard is not installed; pip install -e '.[tensorboard]'")

    def sink(self) -> Sink:
        """Return a sink that writes one event file."""
        return TensorBoardSink()


class TensorBoardSink:
    """One event file per run; its step is the optimisation step over the whole run."""

    def begin(self, info: RunInfo) -> None:
        """Open a fresh event file; what an earlier process left there is replaced."""
        from torch.utils.tensorboard import SummaryWriter

        folder = info.folder / "tensorboard"
        shutil.rmtree(folder, ignore_errors=True)
        self.config = info.config
        self.started = time.time()
        self.writer: SummaryWriter = SummaryWriter(str(folder))
        text = f"    {json.dumps(info.config, indent=2)}".replace("\n", "\n    ")
        self.writer.add_text("config", text, 0)

    def log(self, row: Row, frames: dict[str, Path]) -> None:
        """Log means over images, and the progress picture of each of the first images."""
        step = row["step"]
        # "Relative" in TensorBoard then shows seconds of optimisation, also after a replay.
        moment = self.started + row["seconds"]
        for name, value in mean_values(row).items():
            self.writer.add_scalar(name, value, step, moment)
        for image, file in list(frames.items())[:SHOWN]:
            with Image.open(file) as picture:
                self._picture(f"progress/{image}", picture, step, moment)

    def end(self, outcome: Outcome) -> None:
        """Log final values, the pictures to compare and the hyperparameters, and close the file."""
        try:
            final = outcome.metrics.get("final", {})
            for name, value in final.items():
                self.writer.add_scalar(f"final/{name}", value, outcome.step)
            for image, files in list(outcome.pictures.items())[:SHOWN]:
                for stem, picture in comparison(files).items():
                    self._picture(f"{image}/{stem}", picture, outcome.step)
            if final:
                self._hyperparameters([f"final/{name}" for name in final])
        finally:
            self.writer.close()

    def _picture(
        self, tag: str, picture: Image.Image, step: int, moment: float | None = None
    ) -> None:
        import numpy as np

        pixels = np.asarray(picture.convert("RGB"))
        self.writer.add_image(tag, pixels, step, moment, dataformats="HWC")

    def _hyperparameters(self, metrics: list[str]) -> None:
        """Fill the HParams tab; `SummaryWriter.add_hparams` would make a second run of it."""
        from torch.utils.tensorboard import summary

        make: Any = summary.hparams
        file: Any = self.writer.file_writer
        for part in make(dict(_leaves(self.config)), dict.fromkeys(metrics, 0)):
            file.add_summary(part)


def _leaves(node: Any, key: str = "") -> Iterator[tuple[str, bool | float | str]]:
    """Yield the configuration's leaves by dotted key, as TensorBoard takes them."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from _leaves(value, f"{key}.{name}" if key else name)
    else:
        yield key, node if isinstance(node, bool | int | float | str) else json.dumps(node)
